"""A payment, or a write-off, of days that were ended is taken back.

Closed days stay, and the next night knows of it; open ones are ended once more.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import User
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.npa import movement, movement_rows
from apps.npa.models import LoanDay, ProvisionMovement
from apps.npa.portfolio_rows import Chosen
from apps.npa.tests import day_factories as days
from apps.npa.tests.portfolio_factories import approved
from apps.repayments import services as repayments
from apps.repayments.facts import Payoff, WriteOff
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaying
from apps.servicing import selectors as servicing

pytestmark = pytest.mark.django_db


def test_ended_days_stay_and_the_next_night_classifies_without_the_payment(
    lent: Loan, charlie: User
) -> None:
    days.rules()
    first = lent.instalments.get(number=1)
    due = first.due_date
    event = repaying.pay("system:test", lent, due, first.due)
    days.end_until(lent, due, due + timedelta(days=2), close=True)
    last, opens_on = due + timedelta(days=2), due + timedelta(days=3)
    reported = list(LoanDay.objects.order_by("day").values())
    balances = ledger.balances([lent.pk], last)

    repayments.take_back(
        actor=charlie, event=event, reason="The cheque bounced.", now=repaying.at(opens_on)
    )

    assert list(LoanDay.objects.order_by("day").values()) == reported
    assert ledger.balances([lent.pk], last) == balances
    assert repaying.offenders() == []
    days.end(lent, opens_on, close=True)
    found = days.of_day(lent, opens_on)
    assert (found.oldest_due, found.dpd_rbi, found.bucket) == (due, 4, "sma_0")
    assert found.principal == Decimal("200000.00")
    assert repaying.offenders() == []


def _paid_off(loan: Loan, day: date, *, on: date) -> AccountEvent:
    """End a loan with all that the night of a day said is owed; reported on another day."""
    owed = days.of_day(loan, day)
    amount = owed.principal + owed.interest_due + owed.interest_earned + owed.charges_due
    return repayments.enter(
        actor=days.CLERK,
        loan=loan,
        fact=Payoff(day=day, amount=amount, channel="cash", external_reference=f"P-{day}"),
        reference=f"P-{day}",
        now=repaying.at(on),
    )


def test_suspense_comes_back_once_where_a_closing_payment_was_of_the_open_day_before(
    lent: Loan, bob: User, charlie: User
) -> None:
    days.rules()
    approved(lent, bob, charlie)
    day, next_, today = (repaying.later(one) for one in (2, 3, 4))
    days.end_until(lent, repaying.later(1), next_)
    assert repaying.books(lent)["interest_suspense"] > 0
    late = _paid_off(lent, next_, on=today)
    days.end(lent, next_)
    assert days.of_day(lent, next_).asset_class == "closed"
    repayments.take_back(
        actor=charlie, event=late, reason="It came the day before.", now=repaying.at(today)
    )
    _paid_off(lent, day, on=today)

    days.end(lent, day, now=repaying.at(today))

    assert days.of_day(lent, day).asset_class == "closed"
    assert not LoanDay.objects.filter(day=next_).exists()
    assert "interest_suspense" not in repaying.books(lent)
    assert repaying.offenders() == []


# --- a write-off that nights saw ------------------------------------------------------------------
ZERO = Decimal(0)
# What a loss uses up, and is lessened by.
USED = ("provisions", "provision_expense", "interest_suspense", "write_off_expense")


def _first_bad(loan: Loan) -> date:
    """Return the first day on which a loan that nobody pays does not perform."""
    return repaying.due_dates(loan)[0] + timedelta(days=90)


def _written_off(loan: Loan, day: date, alice: User, bob: User, *, number: int = 1) -> AccountEvent:
    return repayments.enter(
        actor=alice,
        loan=loan,
        fact=WriteOff(day=day, reason="Nothing left to take."),
        reference=f"W-{number}",
        now=repaying.at(day),
        approved_by=bob,
    )


def _taken_back(event: AccountEvent, day: date, charlie: User) -> None:
    repayments.take_back(
        actor=charlie, event=event, reason="They were found.", now=repaying.at(day)
    )


def _moved(loan: Loan, actor: User, since: date, day: date) -> movement.Line:
    """Return the movement of all classes; it explains itself, and the ledger says the same."""
    chosen = Chosen(entity=loan.branch.entity, day=day, currency=loan.currency)
    whole = movement.total(movement.lines(movement_rows.nights(actor, chosen, since)))
    assert whole.unexplained == ZERO
    found = movement_rows.reconciled(actor, chosen, since, whole=whole)
    assert [one.difference for one in found] == [ZERO] * 3
    return whole


def _never_lost(loan: Loan, first: date, last: date, *, is_repaid: bool) -> dict[str, Decimal]:
    """Return what every account holds where the same nights passed and nothing was written off."""
    with transaction.atomic():
        days.end_until(loan, first, last - timedelta(days=1), close=True)
        if is_repaid:
            _repaid(loan, last)
        days.end(loan, last)
        found: dict[str, Decimal] = repaying.standing(loan)["trial"]
        transaction.set_rollback(True)
    return found


def _repaid(loan: Loan, day: date) -> None:
    loan.refresh_from_db()
    repayments.enter(
        actor=days.CLERK,
        loan=loan,
        fact=Payoff(
            day=day,
            amount=servicing.payoff_on(loan, day).total,
            channel="cash",
            external_reference="P-1",
        ),
        reference="P-1",
        now=repaying.at(day),
    )


@pytest.mark.parametrize(
    ("nights", "closes", "is_repaid"),
    [(1, True, False), (3, True, False), (3, False, False), (1, False, True), (3, True, True)],
)
def test_a_write_off_that_nights_saw_leaves_no_trace_once_it_is_taken_back(
    lent: Loan, alice: User, bob: User, charlie: User, *, nights: int, closes: bool, is_repaid: bool
) -> None:
    days.rules()
    first = _first_bad(lent)
    lost, last = first + timedelta(days=1), first + timedelta(days=1 + nights)
    never = _never_lost(lent, first, last, is_repaid=is_repaid)
    days.end(lent, first, close=True)
    had = days.of_day(lent, first)
    assert had.provision > 0
    assert had.interest_suspended > 0
    event = _written_off(lent, lost, alice, bob)
    days.end_until(lent, lost, last - timedelta(days=1), close=closes)
    assert days.of_day(lent, lost).asset_class == "written_off"
    assert _moved(lent, charlie, first, last - timedelta(days=1)).written_off == had.provision

    _taken_back(event, last, charlie)
    if is_repaid:
        _repaid(lent, last)
    days.end(lent, last)

    held = repaying.standing(lent)["trial"]
    # Charges for being late of nights that saw it lost come after them: another pay-off.
    names = USED if is_repaid else {*held, *never}
    assert {one: held.get(one) for one in names} == {one: never.get(one) for one in names}
    assert days.of_day(lent, last).asset_class == ("closed" if is_repaid else "substandard")
    whole = _moved(lent, charlie, first, last)
    assert (whole.written_off, whole.closing) == (ZERO, days.of_day(lent, last).provision)
    assert repaying.offenders() == []
    # Once more: what the day has posted is not posted again, and the next night has nothing left.
    posted = Entry.objects.count()
    days.end(lent, last)
    assert Entry.objects.count() == posted
    days.end(lent, last + timedelta(days=1))
    assert _moved(lent, charlie, last, last + timedelta(days=1)).written_off == ZERO
    assert repaying.offenders() == []


def test_a_loan_that_is_lost_again_uses_its_provision_once(
    lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    days.rules()
    first = _first_bad(lent)
    second, third, fourth = (first + timedelta(days=one) for one in (1, 2, 3))
    days.end(lent, first, close=True)
    had = days.of_day(lent, first).provision
    event = _written_off(lent, second, alice, bob)
    days.end(lent, second, close=True)
    _taken_back(event, third, charlie)
    _written_off(lent, third, alice, bob, number=2)

    days.end_until(lent, third, fourth)

    assert _moved(lent, charlie, first, fourth).written_off == had
    assert not LoanDay.objects.filter(day__gte=third).exists()
    assert Account.PROVISIONS.value not in repaying.standing(lent)["trial"]
    assert repaying.offenders() == []


def test_only_a_use_of_provisions_is_taken_back_in_the_table(lent: Loan) -> None:
    days.rules()
    values: dict[str, Any] = {
        "day_end": days.end(lent, repaying.later(3)),
        "branch": lent.branch,
        "currency": lent.currency,
        "asset_class": "kept",
        "opening": ZERO,
        "additions": ZERO,
        "releases": ZERO,
        "written_off": Decimal(-5),
        "closing": Decimal(5),
    }
    with pytest.raises(DatabaseError, match="npa_movement_not_negative"), transaction.atomic():
        ProvisionMovement.objects.create(account=Account.LOSS_RESERVE.value, **values)

    ProvisionMovement.objects.create(account=Account.PROVISIONS.value, **values)
