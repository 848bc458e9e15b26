"""A payment of days that were ended is taken back: they stay, and the next night knows of it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.ledger import selectors as ledger
from apps.loans.models import Loan
from apps.npa.models import LoanDay
from apps.npa.tests import day_factories as days
from apps.repayments import services as repayments
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
