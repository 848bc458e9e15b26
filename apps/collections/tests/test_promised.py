"""A promise is given in a contact: taken by itself it writes one down, judged by the same rules."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.collections import services
from apps.collections.models import Contact
from apps.collections.services import ContactEntry
from apps.collections.tests.factories import TODAY, refused
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.models import Promise
from apps.repayments.services import PromiseEntry
from apps.repayments.tests import contact_factories as contact

Browser = Callable[[User], Client]


def _take(actor: User, loan: Loan, clock: str = "10:00", **changes: Any) -> Promise:
    values = {
        "amount": Decimal(5000),
        "promised_date": TODAY + timedelta(days=5),
        "channel": "phone",
        **changes,
    }
    return repayments.take_promise(
        actor=actor, loan=loan, entry=PromiseEntry(**values), now=contact.at(TODAY, clock)
    )


def _call(actor: User, loan: Loan, clock: str) -> None:
    entry = ContactEntry(way="call", outcome="spoke", made_at=contact.at(TODAY, clock))
    services.record_contact(actor=actor, loan=loan, entry=entry, now=contact.at(TODAY, "18:30"))


def test_an_officer_who_takes_a_promise_has_the_contact_written_down(
    lent: Loan, alice: User
) -> None:
    promise = _take(alice, lent)

    made = Contact.objects.get()
    assert (made.promise, made.way, made.outcome) == (promise, "call", "promised")
    assert (made.made_on, made.made_by, made.is_inbound) == (TODAY, alice, False)
    verbs = list(Event.objects.order_by("pk").values_list("verb", flat=True))[-2:]
    assert verbs == ["repayments.promise_taken", "collections.contact_recorded"]


@pytest.mark.parametrize("clock", ["07:59", "19:00", "23:00"])
def test_outside_of_hours_no_promise_is_taken(lent: Loan, alice: User, clock: str) -> None:
    assert refused(lambda: _take(alice, lent, clock)).code == "outside_hours"

    made = _take(alice, lent, clock, is_inbound=True)

    assert made.contact.is_inbound


def test_the_fourth_call_of_a_day_takes_no_promise(lent: Loan, alice: User, dev: User) -> None:
    for clock in ("09:00", "11:00", "15:00"):
        _call(dev, lent, clock)

    assert refused(lambda: _take(alice, lent, "18:40")).code == "too_often"

    _take(alice, lent, "18:40", is_inbound=True)


def test_a_promise_taken_counts_as_a_call_of_the_day(lent: Loan, alice: User, dev: User) -> None:
    _take(alice, lent, "08:30")
    _call(dev, lent, "09:00")
    _call(dev, lent, "11:00")

    assert refused(lambda: _call(dev, lent, "15:00")).code == "too_often"


def test_who_comes_to_the_counter_began_it(lent: Loan, alice: User) -> None:
    made = _take(alice, lent, "19:30", channel="counter").contact

    assert (made.way, made.is_inbound, made.place) == ("visit", True, lent.branch.name)


def test_a_promise_on_a_visit_says_where_the_visit_was(lent: Loan, alice: User) -> None:
    assert list(refused(lambda: _take(alice, lent, channel="visit")).fields) == ["place"]
    assert list(refused(lambda: _take(alice, lent, place="At home")).fields) == ["place"]

    assert _take(alice, lent, channel="visit", place="At home").contact.place == "At home"


def test_who_is_left_alone_is_asked_for_no_promise(
    lent: Loan, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "apps.repayments.hooks._left_alone", [lambda _day: Loan.objects.values("pk")]
    )

    assert refused(lambda: _take(alice, lent)).code == "left_alone"


def test_page_and_api_refuse_with_the_sentence_and_store_nothing(
    signed_in: Browser, lent: Loan, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: contact.at(TODAY, "20:00"))
    client, address = signed_in(alice), reverse("repayments:take_promise", args=[lent.pk])
    typed = {
        "amount": "5000",
        "promised_date": (TODAY + timedelta(days=5)).isoformat(),
        "channel": "phone",
    }
    api = f"/api/v1/loans/{lent.pk}/promises"

    page = client.post(address, typed)
    answer = client.post(api, typed, content_type="application/json")

    assert page.status_code == 422
    assert "contacted between 08:00 and 19:00" in page.text
    assert (answer.status_code, answer.json()["code"]) == (409, "outside_hours")
    assert not Promise.objects.exists()
    assert client.post(address, {**typed, "is_inbound": "on"}).status_code == 302
    assert Contact.objects.get().is_inbound


def test_the_loans_page_shows_the_last_contact_to_the_desk_alone(
    signed_in: Browser, lent: Loan, alice: User, dev: User, nina: User
) -> None:
    address = reverse("collections:loan_panel", args=[lent.pk])
    assert "Nobody contacted the borrower yet" in signed_in(dev).get(address).text
    _call(dev, lent, "11:00")

    page = signed_in(dev).get(address).text

    assert "Spoke, nothing agreed" in page
    assert ", 11:00</time>" in page
    assert address in signed_in(dev).get(reverse("loans:detail", args=[lent.pk])).text
    assert address not in signed_in(alice).get(reverse("loans:detail", args=[lent.pk])).text
    assert signed_in(nina).get(address).status_code == 404
    assert signed_in(alice).get(address).status_code == 403
