"""Accepting, declining, withdrawing, expiring, taking up, stepping back: each once, in its time."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.applications import services as applications
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError
from apps.decisions import services as decisions
from apps.offers import hooks, selectors, services
from apps.offers.lifecycle import LIFECYCLE
from apps.offers.models import Offer
from apps.offers.tests import factories

NOW, LATER = factories.NOW, factories.LATER
AFTER_LAST = NOW + timedelta(days=8)
pytestmark = pytest.mark.django_db


def _refused(offer: Offer, act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave the offer and the record as they were."""
    offer.refresh_from_db()
    before = (offer.status, offer.updated_at, Event.objects.count())
    with pytest.raises(DomainError) as refusal:
        act()
    offer.refresh_from_db()
    assert (offer.status, offer.updated_at, Event.objects.count()) == before
    return refusal.value


def _by_link(offer: Offer, *, now: Any = LATER, **changes: Any) -> Offer:
    values = {"acknowledged": True, "statement_hash": offer.statement_hash, **changes}
    return services.accept_by_applicant(offer=offer, now=now, **values)


def test_the_applicant_accepts_by_the_link(offer: Offer) -> None:
    done = _by_link(offer)

    assert (done.status, done.accepted_via, done.accepted_by) == ("accepted", "link", None)
    assert done.acknowledged_hash == done.statement_hash
    # Three days after the day of acceptance.
    assert done.cooling_off_until == date(2026, 11, 23)
    event = Event.objects.get(verb="offers.accepted")
    assert event.actor == "portal:applicant"
    assert event.facts["statement_sha256"] == offer.statement_hash
    assert selectors.accepted(offer.application) == offer


def test_the_same_sent_again_accepts_once(offer: Offer) -> None:
    first = _by_link(offer)

    again = _by_link(offer, now=LATER + timedelta(minutes=5))

    assert (again.accepted_at, Event.objects.filter(verb="offers.accepted").count()) == (
        first.accepted_at,
        1,
    )


def test_nobody_accepts_unread_or_another_statement(offer: Offer) -> None:
    unread = _refused(offer, lambda: _by_link(offer, acknowledged=False))
    other = _refused(offer, lambda: _by_link(offer, statement_hash="0" * 64))

    assert (unread.code, list(unread.fields)) == ("not_acknowledged", ["acknowledged"])
    assert other.code == "other_statement"


def test_an_officer_records_how_it_was_accepted(alice: User, offer: Offer) -> None:
    done = services.accept_by_officer(
        actor=alice, offer=offer, consent=factories.consent(), now=LATER
    )

    assert (done.accepted_via, done.accepted_by) == ("signed", alice)
    assert done.consent_reference == "Folder 7, page 2"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "link"}, "channel"),
        ({"channel": ""}, "channel"),
        ({"reference": "  "}, "reference"),
        ({"reference": "x" * 121}, "reference"),
        ({"acknowledged": False}, "acknowledged"),
    ],
    ids=["pretending-the-link", "no-way", "no-reference", "long-reference", "unread"],
)
def test_a_consent_without_a_trace_is_refused(
    alice: User, offer: Offer, changes: dict[str, Any], field: str
) -> None:
    refusal = _refused(
        offer,
        lambda: services.accept_by_officer(
            actor=alice, offer=offer, consent=factories.consent(**changes), now=LATER
        ),
    )

    assert list(refusal.fields) == [field]


def test_who_may_not_answer_or_withdraw_is_refused(bob: User, offer: Offer) -> None:
    for act in (
        lambda: services.accept_by_officer(
            actor=bob, offer=offer, consent=factories.consent(), now=LATER
        ),
        lambda: services.decline(actor=bob, offer=offer, now=LATER),
        lambda: services.withdraw(actor=bob, offer=offer, reason="No.", now=LATER),
        lambda: services.exit(actor=bob, offer=offer, now=LATER),
    ):
        assert _refused(offer, act).status == 403


def test_on_the_last_day_it_holds_and_after_it_not(alice: User, offer: Offer) -> None:
    # Noon of the last day is still that day in Pune; seven hours later it is not.
    refusal = _refused(offer, lambda: _by_link(offer, now=AFTER_LAST))
    assert (refusal.code, "27" in str(refusal)) == ("offer_expired", True)

    done = _by_link(offer, now=NOW + timedelta(days=7))

    assert done.status == "accepted"


def test_what_has_ended_is_not_accepted(alice: User, offer: Offer) -> None:
    services.withdraw(actor=alice, offer=offer, reason="A better one follows.", now=LATER)

    refusal = _refused(offer, lambda: _by_link(offer))

    assert (refusal.code, str(refusal)) == ("offer_ended", "This offer was withdrawn.")


def test_a_declined_offer_is_declined_once(offer: Offer) -> None:
    first = services.decline(actor=None, offer=offer, now=LATER)
    again = services.decline(actor=None, offer=offer, now=LATER)

    assert first == again
    assert Event.objects.filter(verb="offers.declined").count() == 1
    assert _refused(offer, lambda: _by_link(offer)).code == "offer_ended"


def test_a_withdrawal_says_why(alice: User, offer: Offer) -> None:
    refusal = _refused(
        offer, lambda: services.withdraw(actor=alice, offer=offer, reason=" ", now=LATER)
    )

    assert list(refusal.fields) == ["reason"]


def test_a_stale_page_changes_nothing(alice: User, offer: Offer) -> None:
    old = offer.version
    Offer.objects.filter(pk=offer.pk).update(updated_at=LATER)

    refusal = _refused(
        offer,
        lambda: services.withdraw(actor=alice, offer=offer, reason="No.", now=LATER, version=old),
    )

    assert refusal.code == "stale_record"


@pytest.mark.parametrize("accepted", [False, True], ids=["open", "accepted"])
def test_a_changed_request_ends_the_offer(
    alice: User, approved: Application, *, accepted: bool
) -> None:
    offer = factories.accepted(alice, approved) if accepted else factories.made(alice, approved)

    decisions.change_request(
        actor=alice,
        application=approved,
        amount=Decimal(150_000),
        term_months=24,
        now=LATER,
    )

    offer.refresh_from_db()
    assert offer.status == "superseded"
    assert _refused(offer, lambda: _by_link(offer)).code == "offer_ended"


def test_a_decision_taken_up_anew_ends_the_offer(charlie: User, offer: Offer) -> None:
    decisions.reopen(actor=charlie, application=offer.application, note="Wrong.", now=LATER)

    offer.refresh_from_db()
    assert (offer.status, offer.ended_by) == ("superseded", charlie)


def test_nothing_is_agreed_or_lent_under_a_decision_that_is_over(
    alice: User, charlie: User, approved: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = factories.made(alice, approved)
    # As if nobody had told offers that the decision was taken up anew.
    monkeypatch.setattr("apps.applications.hooks._on_change", [])
    decisions.reopen(actor=charlie, application=approved, note="Wrong.", now=LATER)

    assert _refused(offer, lambda: _by_link(offer)).code == "offer_overtaken"
    with pytest.raises(IntegrityError, match="offers_offer_still_decided"), transaction.atomic():
        Offer.objects.filter(pk=offer.pk).update(
            status="accepted",
            accepted_at=LATER,
            accepted_via="link",
            acknowledged_hash=offer.statement_hash,
            cooling_off_until=factories.LAST_DAY,
        )
    assert services.expire_due(now=LATER) == 1
    offer.refresh_from_db()
    assert offer.status == "superseded"


def test_a_withdrawn_application_ends_the_offer(alice: User, offer: Offer) -> None:
    application = Application.objects.get(pk=offer.application_id)
    applications.withdraw(actor=alice, application=application, reason="customer_asked", now=LATER)

    offer.refresh_from_db()
    assert offer.status == "superseded"


def test_a_blocked_borrower_is_sent_to_the_branch_and_told_nothing(
    alice: User, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.customers.selectors.is_blocked", lambda *_args: True)

    by_link = _refused(offer, lambda: _by_link(offer))
    by_officer = _refused(
        offer,
        lambda: services.accept_by_officer(
            actor=alice, offer=offer, consent=factories.consent(), now=LATER
        ),
    )

    assert (by_link.code, "block" in str(by_link)) == ("ask_the_branch", False)
    assert by_officer.code == "borrower_blocked"


def test_an_offer_that_was_promised_stays_while_machines_are_stopped(
    charlie: User, offer: Offer
) -> None:
    decisions.stop_automation(actor=charlie, entity=None, reason="Odd scores.", now=NOW)

    assert _by_link(offer).status == "accepted"


def test_the_clock_ends_what_nobody_answered(offer: Offer) -> None:
    on_the_last_day = services.expire_due(now=NOW + timedelta(days=7))
    after = services.expire_due(now=AFTER_LAST)
    again = services.expire_due(now=AFTER_LAST)

    offer.refresh_from_db()
    assert (on_the_last_day, after, again, offer.status) == (0, 1, 0, "expired")
    assert Event.objects.get(verb="offers.expired").actor == "system:offers"


def test_the_clock_ends_what_no_decision_holds_any_more(alice: User, approved: Application) -> None:
    offer = factories.accepted(alice, approved)

    early = services.expire_due(now=NOW + timedelta(days=29))
    ended = services.expire_due(now=NOW + timedelta(days=32))

    offer.refresh_from_db()
    assert (early, ended, offer.status) == (0, 1, "superseded")


def test_loans_take_up_what_was_accepted_and_only_that(alice: User, offer: Offer) -> None:
    refusal = _refused(offer, lambda: services.take_up(offer=offer, actor=alice, now=LATER))
    assert refusal.code == "offer_ended"
    _by_link(offer)

    done = services.take_up(offer=offer, actor=alice, now=LATER)
    again = services.take_up(offer=offer, actor=alice, now=LATER)

    assert (done.status, again.status) == ("taken_up", "taken_up")
    assert Event.objects.filter(verb="offers.taken_up").count() == 1


def test_stepping_back_before_payment_costs_nothing(offer: Offer) -> None:
    _by_link(offer)

    with pytest.raises(Conflict):
        services.exit_quote(Offer.objects.get(pk=offer.pk), on=factories.TODAY)
    done = services.exit(actor=None, offer=offer, now=LATER + timedelta(days=20))

    assert (done.status, done.exit_quote) == ("exited", None)


def test_whoever_lends_takes_part_when_a_borrower_steps_back(
    alice: User, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(hooks, "_on_exit", [])
    hooks.on_exit(lambda pk, actor, _now: heard.append((pk, actor)))
    _by_link(offer)
    services.take_up(offer=offer, actor=alice, now=LATER)

    def refuse(*_args: object) -> None:
        raise Conflict("payment_on_its_way", "The money is on its way.")

    hooks.on_exit(refuse)
    refusal = _refused(offer, lambda: services.exit(actor=None, offer=offer, now=LATER))
    monkeypatch.setattr(hooks, "_on_exit", hooks._on_exit[:1])
    services.exit(actor=None, offer=offer, now=LATER)
    services.exit(actor=None, offer=offer, now=LATER)

    assert refusal.code == "payment_on_its_way"
    # Once refused, once done, and not told again of what is over.
    assert heard == [(offer.pk, None)] * 2


def test_stepping_back_after_payment_costs_the_days(alice: User, offer: Offer) -> None:
    _by_link(offer)
    services.take_up(offer=offer, actor=alice, now=LATER)
    paid = services.paid_out(offer=offer, actor=alice, day=date(2026, 11, 24), now=LATER)
    assert paid.cooling_off_until == date(2026, 11, 27)

    quote = services.exit_quote(paid, on=date(2026, 11, 26))
    late = _refused(
        offer, lambda: services.exit(actor=None, offer=offer, now=NOW + timedelta(days=8))
    )
    done = services.exit(actor=None, offer=offer, now=NOW + timedelta(days=6))

    # Kept: processing 240 and stamp duty 160 of 500 taken off; 199,500 for two days at the APR.
    assert (quote.kept_fees, quote.returned_fees, quote.days) == (Decimal(400), Decimal(100), 2)
    cost = (Decimal(199_500) * offer.apr * 2 / 365).quantize(Decimal("0.01"))
    assert quote.amount == Decimal(199_900) + cost
    assert late.code == "cooling_off_over"
    assert done.exit_quote["amount"] == str(quote.amount)
    assert done.status == "exited"


def test_the_money_is_noted_once_and_under_a_loan_only(alice: User, offer: Offer) -> None:
    _by_link(offer)
    early = _refused(
        offer,
        lambda: services.paid_out(offer=offer, actor=alice, day=factories.TODAY, now=LATER),
    )
    services.take_up(offer=offer, actor=alice, now=LATER)

    first = services.paid_out(offer=offer, actor=alice, day=factories.TODAY, now=LATER)
    second = services.paid_out(offer=offer, actor=alice, day=date(2026, 12, 1), now=LATER)

    assert early.code == "not_taken_up"
    # The day it was told at acceptance is never shortened.
    assert (first.paid_out_date, second.paid_out_date) == (factories.TODAY, factories.TODAY)
    assert second.cooling_off_until == date(2026, 11, 23)


def test_the_database_asks_for_the_acknowledged_statement(offer: Offer) -> None:
    changes: dict[str, Any] = {
        "status": "accepted",
        "accepted_at": LATER,
        "accepted_via": "link",
        "cooling_off_until": factories.LAST_DAY,
    }
    with pytest.raises(IntegrityError, match="agreed_to_the_statement"), transaction.atomic():
        Offer.objects.filter(pk=offer.pk).update(**changes, acknowledged_hash="")
    with pytest.raises(IntegrityError, match="consent_recorded"), transaction.atomic():
        Offer.objects.filter(pk=offer.pk).update(
            **{**changes, "accepted_via": "phone"}, acknowledged_hash=offer.statement_hash
        )


def _in_state(state: str, alice: User, approved: Application) -> Offer:
    """Return an offer in a state, brought there by the services."""
    offer = factories.made(alice, approved)
    steps: dict[str, Callable[[], object]] = {
        "offered": lambda: None,
        "accepted": lambda: _by_link(offer),
        "declined": lambda: services.decline(actor=None, offer=offer, now=LATER),
        "withdrawn": lambda: services.withdraw(actor=alice, offer=offer, reason="No.", now=LATER),
        "expired": lambda: services.expire_due(now=AFTER_LAST),
        "superseded": lambda: services.supersede(approved, alice, LATER),
        "taken_up": lambda: (
            _by_link(offer),
            services.take_up(offer=offer, actor=alice, now=LATER),
        ),
        "exited": lambda: (
            _by_link(offer),
            services.exit(actor=None, offer=offer, now=LATER),
        ),
    }
    steps[state]()
    offer.refresh_from_db()
    assert offer.status == state
    return offer


@pytest.mark.parametrize("state", LIFECYCLE.states)
def test_every_action_in_every_state(state: str, alice: User, approved: Application) -> None:
    offer = _in_state(state, alice, approved)
    acts: dict[str, Callable[[], Offer]] = {
        "accept": lambda: _by_link(offer, now=LATER),
        "decline": lambda: services.decline(actor=alice, offer=offer, now=LATER),
        "withdraw": lambda: services.withdraw(actor=alice, offer=offer, reason="No.", now=LATER),
        "take_up": lambda: services.take_up(offer=offer, actor=alice, now=LATER),
        "exit": lambda: services.exit(actor=alice, offer=offer, now=LATER),
    }
    for action, act in acts.items():
        # What stands already is returned as it is, and says so by its state.
        stands = {"accept": "accepted", "decline": "declined", "take_up": "taken_up"}
        if LIFECYCLE.allows(action, state):
            with transaction.atomic():
                assert act().status == LIFECYCLE.target(action, state)
                transaction.set_rollback(True)
            offer.refresh_from_db()
        elif stands.get(action, "exited" if action == "exit" else "") == state:
            assert act().status == state
        else:
            assert str(_refused(offer, act))
