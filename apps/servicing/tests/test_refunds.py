"""What was paid beyond the debt goes back by two people: page, API, and taken back again."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing import selectors, services
from apps.servicing.models import Proposal
from apps.servicing.tests import factories
from apps.servicing.tests.factories import at

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
EXCESS = Decimal("300.00")


@pytest.fixture
def overpaid(lent: Loan, alice: User, monkeypatch: pytest.MonkeyPatch) -> Loan:
    """A loan on whose first instalment 300 more were paid than is due; it is that day."""
    day = _day(lent)
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    repaid.pay(alice, lent, day, lent.instalments.get(in_force=True, number=1).due + EXCESS)
    assert selectors.balances(lent)[Account.ADVANCES] == EXCESS
    return lent


def _day(loan: Loan) -> date:
    return factories.late(loan, 0)


def _by_service(loan: Loan, alice: User, bob: User, _signed_in: Browser) -> None:
    relief = services.Relief(kind="refund", amount=EXCESS, reason="Paid too much")
    proposal = services.propose(actor=alice, loan=loan, relief=relief, now=at(_day(loan)))
    services.approve(actor=bob, proposal=proposal, now=at(_day(loan)))


def _by_page(loan: Loan, alice: User, bob: User, signed_in: Browser) -> None:
    sent = {"kind": "refund", "bucket": "", "amount": "300.00", "reason": "Paid too much"}
    officer = signed_in(alice)
    officer.post(reverse("servicing:relief", args=[loan.pk]), sent)
    approve = reverse("servicing:approve", args=[Proposal.objects.get().pk])
    assert officer.post(approve).status_code == 403
    signed_in(bob).post(approve)


def _by_api(loan: Loan, alice: User, bob: User, signed_in: Browser) -> None:
    sent: dict[str, Any] = {"kind": "refund", "amount": "300.00", "reason": "Paid too much"}
    officer, as_json = signed_in(alice), {"content_type": "application/json"}
    made = officer.post(f"/api/v1/loans/{loan.pk}/proposals", sent, **as_json).json()
    approve = f"/api/v1/servicing/proposals/{made['id']}/approve"
    assert officer.post(approve, {}, **as_json).status_code == 403
    assert signed_in(bob).post(approve, {}, **as_json).json()["state"] == "approved"


@pytest.mark.parametrize("refund", [_by_service, _by_page, _by_api], ids=["service", "page", "api"])
def test_what_was_paid_beyond_the_debt_goes_back_by_two_people(
    overpaid: Loan, alice: User, bob: User, signed_in: Browser, refund: Callable[..., None]
) -> None:
    refund(overpaid, alice, bob, signed_in)

    event = AccountEvent.objects.get(kind="refund")
    assert (event.amount, event.made_by, event.approved_by) == (EXCESS, alice, bob)
    assert [
        (one.account, one.signed) for one in Entry.objects.get(pk=event.entry_id).content()
    ] == [
        (Account.ADVANCES, EXCESS),
        (Account.CASH, -EXCESS),
    ]
    assert selectors.balances(overpaid)[Account.ADVANCES] == 0
    said = Event.objects.filter(verb__startswith="servicing.relief_").order_by("pk")
    assert [one.verb for one in said] == ["servicing.relief_proposed", "servicing.relief_approved"]
    assert repaid.offenders() == []


@pytest.mark.parametrize("amount", ["300.01", "0", "-300"])
def test_no_more_goes_back_than_was_paid_beyond_it(
    overpaid: Loan, alice: User, signed_in: Browser, amount: str
) -> None:
    before, client = factories.state(), signed_in(alice)
    sent = {"kind": "refund", "amount": amount, "reason": "Paid too much"}

    page = client.post(reverse("servicing:relief", args=[overpaid.pk]), {**sent, "bucket": ""})
    answer = client.post(
        f"/api/v1/loans/{overpaid.pk}/proposals", sent, content_type="application/json"
    )

    assert page.status_code == 422
    assert 400 <= answer.status_code < 500
    assert factories.state() == before


def _undone_by_service(event: AccountEvent, charlie: User, _signed_in: Browser) -> None:
    services.undo(actor=charlie, event=event, reason="It came back", now=at(event.day))


def _undone_by_page(event: AccountEvent, charlie: User, signed_in: Browser) -> None:
    address = reverse("servicing:undo", args=[event.pk])
    assert (
        address
        in signed_in(charlie)
        .get(reverse("servicing:loan_panel", args=[event.loan_id]), headers={"HX-Request": "true"})
        .text
    )
    signed_in(charlie).post(address, {"reason": "It came back"})


def _undone_by_api(event: AccountEvent, charlie: User, signed_in: Browser) -> None:
    path = f"/api/v1/servicing/events/{event.pk}/take-back"
    signed_in(charlie).post(path, {"reason": "It came back"}, content_type="application/json")


@pytest.mark.parametrize(
    "undo",
    [_undone_by_service, _undone_by_page, _undone_by_api],
    ids=["service", "page", "api"],
)
def test_a_refund_that_came_back_waits_ahead_again(
    overpaid: Loan,
    alice: User,
    bob: User,
    charlie: User,
    signed_in: Browser,
    undo: Callable[..., None],
) -> None:
    before = repaid.standing(overpaid)
    _by_service(overpaid, alice, bob, signed_in)
    event = AccountEvent.objects.get(kind="refund")
    assert repaid.standing(overpaid) != before

    undo(event, charlie, signed_in)

    event.refresh_from_db()
    assert (event.status, event.reversed_by) == ("reversed", charlie)
    assert repaid.standing(overpaid) == before
    assert repaid.offenders() == []
