"""Contacts: hours, limits and wishes hold, nothing refused is stored, a promise comes with them."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.collections import contacting, services
from apps.collections.contacting import Outcome, Way
from apps.collections.models import Contact
from apps.collections.services import ContactEntry
from apps.collections.tests import factories
from apps.collections.tests.factories import TODAY, refused
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.models import Promise
from apps.repayments.tests import contact_factories as contact

Browser = Callable[[User], Client]
NOW = contact.at(TODAY, "20:30")


def _entry(clock: str = "10:00", day: date = TODAY, **changes: Any) -> ContactEntry:
    values: dict[str, Any] = {"way": "call", "outcome": "spoke", "made_at": contact.at(day, clock)}
    return ContactEntry(**{**values, **changes})


def _record(actor: User, loan: Loan, *given: Any, now: datetime = NOW, **changes: Any) -> Contact:
    return services.record_contact(actor=actor, loan=loan, entry=_entry(*given, **changes), now=now)


# --- the rules ----------------------------------------------------------------------------------
def _calls(*days: int) -> list[tuple[Way, date]]:
    return [(Way.CALL, TODAY - timedelta(days=number)) for number in days]


@pytest.mark.parametrize(
    ("way", "before", "most"),
    [
        (Way.CALL, _calls(0, 0), None),
        (Way.CALL, _calls(0, 0, 0), 3),
        (Way.CALL, _calls(1, 1, 2, 3, 4, 5), None),
        (Way.CALL, _calls(1, 1, 2, 3, 4, 5, 6), 7),
        # The seventh day before is outside of seven days with today.
        (Way.CALL, _calls(1, 1, 2, 3, 4, 5, 7), None),
        (Way.LETTER, _calls(0, 0, 0), None),
        (Way.MESSAGE, [(Way.MESSAGE, TODAY)], 1),
        (Way.MESSAGE, [(Way.MESSAGE, TODAY - timedelta(days=1))], None),
        (Way.VISIT, [(Way.VISIT, TODAY - timedelta(days=6))], 1),
        (Way.VISIT, [(Way.VISIT, TODAY - timedelta(days=7))], None),
    ],
)
def test_a_limit_counts_ways_and_days(
    way: Way, before: list[tuple[Way, date]], most: int | None
) -> None:
    found = contacting.limit_reached(way, TODAY, before)

    assert (found.most if found else None) == most


def test_every_way_has_outcomes_and_every_limit_a_source() -> None:
    assert set(contacting.OUTCOMES) == set(Way)
    assert {one for found in contacting.OUTCOMES.values() for one in found} == set(Outcome)
    assert all(limit.source for limit in contacting.LIMITS)
    assert not contacting.fits(Way.CALL, Outcome.SENT)


# --- writing down -------------------------------------------------------------------------------
def test_a_contact_is_kept_with_its_next_step_and_its_words_sealed(lent: Loan, dev: User) -> None:
    made = _record(
        dev,
        lent,
        note="Lost the job in May",
        next_action="call",
        next_date=TODAY + timedelta(days=3),
    )

    made.refresh_from_db()
    assert (made.way, made.made_on, made.note) == ("call", TODAY, "Lost the job in May")
    event = Event.objects.get(verb="collections.contact_recorded")
    assert event.facts["outcome"] == "spoke"
    assert "job" not in str(event.facts)
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM collections_contact")
        assert b"job" not in bytes(cursor.fetchone()[0])


@pytest.mark.parametrize("clock", ["07:59", "19:00", "20:15"])
@pytest.mark.parametrize("way", ["call", "message", "visit"])
def test_outside_of_hours_nothing_is_stored(lent: Loan, dev: User, clock: str, way: str) -> None:
    place = "12 Karve Road" if way == "visit" else ""
    outcome = "sent" if way == "message" else "spoke"

    refusal = refused(lambda: _record(dev, lent, clock, way=way, outcome=outcome, place=place))

    assert refusal.code == "outside_hours"
    assert f"this was at {clock}" in str(refusal)


def test_what_the_borrower_begins_is_bound_by_no_hours_and_counts_for_nothing(
    lent: Loan, dev: User
) -> None:
    for minute in range(4):
        _record(dev, lent, f"20:0{minute}", is_inbound=True)

    _record(dev, lent, "18:59")
    _record(dev, lent, "08:00")
    _record(dev, lent, "06:00", way="letter", outcome="sent")

    assert Contact.objects.count() == 7


def test_the_fourth_call_of_a_day_is_refused_whatever_loan_it_is_about(
    lent: Loan, dev: User, esha: User
) -> None:
    for clock in ("09:00", "11:00", "15:00"):
        _record(dev, lent, clock)

    refusal = refused(lambda: _record(esha, lent, "18:00"))

    assert refusal.code == "too_often"
    assert "3 contacts" in str(refusal)
    assert "Rule of the house" in str(refusal)


def test_the_eighth_call_of_a_week_names_its_source(lent: Loan, dev: User) -> None:
    later = TODAY + timedelta(days=6)
    for number in range(7):
        day = TODAY + timedelta(days=number // 2)
        _record(dev, lent, "10:00", day, now=contact.at(later, "18:00"))

    refusal = refused(lambda: _record(dev, lent, "12:00", later, now=contact.at(later, "18:00")))

    assert "12 CFR 1006.14" in str(refusal)


def test_who_wants_no_reminders_is_sent_no_message(lent: Loan, dev: User) -> None:
    repayments.stop_reminders(actor=dev, customer=lent.customer, channel="phone", now=NOW)

    refusal = refused(lambda: _record(dev, lent, way="message", outcome="sent"))

    assert refusal.code == "wants_no_messages"
    _record(dev, lent)


def test_who_is_left_alone_is_not_called(
    lent: Loan, dev: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "apps.repayments.hooks._left_alone", [lambda _day: Loan.objects.values("pk")]
    )

    assert refused(lambda: _record(dev, lent)).code == "left_alone"
    _record(dev, lent, way="letter", outcome="sent")


def test_a_promise_comes_with_the_contact_and_one_refused_takes_it_along(
    lent: Loan, dev: User
) -> None:
    promised = {
        "outcome": "promised",
        "promised_amount": Decimal(5000),
        "promised_date": TODAY + timedelta(days=5),
    }

    made = _record(dev, lent, **promised)

    assert made.promise == Promise.objects.get()
    assert made.promise.channel == "phone"
    assert refused(lambda: _record(dev, lent, "11:00", **promised)).code == "promise_open"
    without = refused(lambda: _record(dev, lent, "11:00", outcome="promised"))
    assert "promised_amount" in without.fields


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("way", {"way": "pigeon"}),
        ("outcome", {"outcome": "sent"}),
        ("outcome", {"outcome": "happy"}),
        ("outcome", {"promised_amount": Decimal(5)}),
        ("place", {"way": "visit"}),
        ("place", {"place": "12 Karve Road"}),
        ("note", {"note": "x" * 2001}),
        ("made_at", {"made_at": NOW + timedelta(minutes=1)}),
        ("made_at", {"made_at": NOW - timedelta(days=8)}),
        ("next_action", {"next_action": "shout", "next_date": TODAY}),
        ("next_date", {"next_action": "call"}),
        ("next_date", {"next_date": TODAY}),
        ("next_date", {"next_action": "call", "next_date": TODAY - timedelta(days=1)}),
        ("next_date", {"next_action": "call", "next_date": TODAY + timedelta(days=93)}),
    ],
)
def test_what_is_not_complete_is_refused_beside_its_field(
    lent: Loan, dev: User, field: str, changes: dict[str, Any]
) -> None:
    assert field in refused(lambda: _record(dev, lent, **changes)).fields


def test_only_collectors_of_the_branch_write_contacts_down(
    lent: Loan, alice: User, charlie: User, nina: User
) -> None:
    for actor in (alice, charlie):
        assert isinstance(refused(lambda who=actor: _record(who, lent)), NotPermitted)
    assert isinstance(refused(lambda: _record(nina, lent)), NotVisible)
    assert not Contact.objects.exists()


def test_of_a_loan_that_does_not_run_no_contact_is_written_down(lent: Loan, dev: User) -> None:
    Loan.objects.filter(pk=lent.pk).update(status="closed")

    assert refused(lambda: _record(dev, lent)).code == "not_running"
    assert not Contact.objects.exists()


def test_what_is_written_down_late_counts_with_what_came_after_it(lent: Loan, dev: User) -> None:
    _record(dev, lent, "12:00", TODAY, way="visit", place="At home")

    refusal = refused(
        lambda: _record(dev, lent, "12:00", TODAY - timedelta(days=1), way="visit", place="At home")
    )

    assert refusal.code == "too_often"
    assert Contact.objects.count() == 1


@pytest.mark.parametrize("outcome", ["nobody", "wrong_place", "left_word"])
def test_nobody_begins_what_only_a_collector_can(lent: Loan, dev: User, outcome: str) -> None:
    refusal = refused(lambda: _record(dev, lent, outcome=outcome, is_inbound=True))

    assert list(refusal.fields) == ["outcome"]
    assert not Contact.objects.exists()


def test_the_database_lets_nobody_change_a_contact(lent: Loan, dev: User) -> None:
    made = _record(dev, lent)

    for changes in ({"outcome": "refused"}, {"made_on": TODAY - timedelta(days=1)}):
        with pytest.raises(InternalError), transaction.atomic():
            Contact.objects.filter(pk=made.pk).update(**changes)
    with pytest.raises(InternalError), transaction.atomic():
        made.delete()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_the_last_allowed_call_at_once_one_does(
    lent: Loan, dev: User, esha: User
) -> None:
    _record(dev, lent, "09:00")
    _record(dev, lent, "10:00")
    gate = threading.Barrier(2)

    def act(actor: User) -> object:
        try:
            gate.wait(timeout=10)
            return _record(actor, lent, "11:00")
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(act, (dev, esha)))

    [refusal] = [one for one in results if isinstance(one, DomainError)]
    assert refusal.code == "too_often"
    assert Contact.objects.count() == 3


# --- pages and the API --------------------------------------------------------------------------
def _typed(**changes: Any) -> dict[str, Any]:
    return {
        "way": "call",
        "day": TODAY.isoformat(),
        "clock": "10:00",
        "outcome": "spoke",
        "note": "Wants to sell the cow",
        **changes,
    }


def test_a_contact_is_written_down_on_the_page_and_shown(
    signed_in: Browser, lent: Loan, dev: User, amir: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    client = signed_in(dev)
    form = reverse("collections:contact", args=[lent.pk])
    assert 'value="20:30"' in client.get(form).text

    late = client.post(form, _typed(clock="20:00"))
    assert late.status_code == 422
    assert "contacted between 08:00 and 19:00" in late.text
    assert Contact.objects.count() == 0

    assert client.post(form, _typed()).status_code == 302
    case = reverse("collections:case", args=[lent.pk])
    shown = client.get(case).text
    assert "Wants to sell the cow" in shown
    # By the clock where the lender is, as the hours are.
    assert ", 10:00</time>" in shown
    # Who may not read personal data sees that there was a contact, and no more.
    seen = signed_in(amir).get(case).text
    assert "Spoke, nothing agreed" in seen
    assert "cow" not in seen
    future = client.post(form, _typed(day=(TODAY + timedelta(days=1)).isoformat()))
    assert "not in the future" in future.text


def test_the_worklist_shows_the_last_contact_and_who_was_not_contacted(
    signed_in: Browser, lent: Loan, dev: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    factories.overdue(lent, 10, 20_000)
    _record(dev, lent, next_action="visit", next_date=TODAY + timedelta(days=2))
    client, address = signed_in(dev), reverse("collections:worklist")

    assert "Spoke, nothing agreed" in client.get(address).text
    since = client.get(address, {"silent_since": TODAY.isoformat()})
    assert "Nothing overdue here" in since.text
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    assert lent.number in client.get(address, {"silent_since": tomorrow}).text


def test_the_api_writes_contacts_down_and_lists_them_without_their_words(
    signed_in: Browser, lent: Loan, dev: User, nina: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    address, client = f"/api/v1/collections/{lent.pk}/contacts", signed_in(dev)
    body = {
        "way": "call",
        "outcome": "spoke",
        "made_at": datetime.combine(TODAY, time(10), NOW.tzinfo).isoformat(),
        "note": "Wants to sell the cow",
    }

    def post(by: Client, **changes: Any) -> Any:
        return by.post(address, {**body, **changes}, content_type="application/json")

    assert post(client).status_code == 201
    late = post(client, made_at=datetime.combine(TODAY, time(20), NOW.tzinfo).isoformat())
    assert (late.status_code, late.json()["code"]) == (409, "outside_hours")
    assert post(signed_in(nina)).status_code == 404
    listed = client.get(address)
    assert [one["outcome"] for one in listed.json()] == ["spoke"]
    assert "cow" not in listed.content.decode()
