"""A payment of days that were ended is taken back.

Closed days stay, and the next night knows of it; open ones are ended once more.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.ledger import selectors as ledger
from apps.loans.models import Loan
from apps.npa.models import LoanDay
from apps.npa.tests import day_factories as days
from apps.npa.tests.portfolio_factories import approved
from apps.repayments import services as repayments
from apps.repayments.facts import Payoff
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaying

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
