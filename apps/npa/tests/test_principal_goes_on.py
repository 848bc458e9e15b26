"""The night takes over the principal of the day before, unless it moved since that day was read."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F, Sum

from apps.accounts.models import User
from apps.loans.models import Instalment, Loan
from apps.npa import proofs
from apps.npa.tests import day_factories as days
from apps.repayments import services as repayments
from apps.repayments.tests import factories as repaying

pytestmark = pytest.mark.django_db
_DAY = timedelta(days=1)


def _outstanding(loan: Loan) -> Decimal:
    rows = Instalment.objects.filter(loan=loan, in_force=True)
    found = rows.aggregate(left=Sum(F("principal") - F("paid_principal")))
    return Decimal(found["left"])


@pytest.fixture
def due(lent: Loan) -> date:
    """The first due date of a loan whose days were ended up to it, and stay open."""
    days.rules()
    first = repaying.due_dates(lent)[0]
    days.end_until(lent, first - 2 * _DAY, first)
    return first


def test_it_goes_on_from_the_day_before_where_nothing_moved_and_is_proved(lent: Loan) -> None:
    days.rules()
    due = repaying.due_dates(lent)[0]
    days.end_until(lent, due - _DAY, due, close=True)
    assert proofs.principal_is_booked() is None
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE npa_loanday SET principal = 199999 WHERE loan_id = %s AND day = %s",
            [lent.pk, due],
        )

    days.end(lent, due + _DAY, close=True)

    assert days.of_day(lent, due + _DAY).principal == Decimal(199999)
    found = proofs.principal_is_booked()
    assert found is not None
    assert found.name == lent.number


def test_it_reads_the_ledger_where_no_day_was_ended_before(lent: Loan) -> None:
    days.rules()

    days.end(lent, repaying.later(1))

    assert days.of_day(lent, repaying.later(1)).principal == _outstanding(lent) > 0


@pytest.mark.parametrize("ago", [0, 1, 2])
def test_it_knows_of_money_of_a_day_that_was_ended_before_it_was_reported(
    alice: User, lent: Loan, due: date, ago: int
) -> None:
    before = days.of_day(lent, due).principal
    instalment = lent.instalments.get(number=1)
    amount = instalment.due if ago == 0 else Decimal("20000.00")
    fact = repaying.receipt if ago == 0 else repaying.prepayment
    repayments.enter(
        actor=alice,
        loan=lent,
        fact=fact(due - ago * _DAY, amount),
        reference="late",
        now=repaying.at(due + _DAY),
    )

    days.end(lent, due + _DAY)

    assert days.of_day(lent, due + _DAY).principal == _outstanding(lent) < before


def test_it_knows_of_money_that_was_reported_before_the_day_before_it_was_ended(
    alice: User, lent: Loan, due: date
) -> None:
    instalment = lent.instalments.get(number=1)
    before = days.of_day(lent, due).principal
    repaying.pay(alice, lent, due + 2 * _DAY, instalment.due)

    days.end(lent, due + _DAY)
    days.end(lent, due + 2 * _DAY)

    assert days.of_day(lent, due + _DAY).principal == before
    assert days.of_day(lent, due + 2 * _DAY).principal == _outstanding(lent) < before


def test_it_knows_of_money_that_was_taken_back_since(
    alice: User, charlie: User, lent: Loan, due: date
) -> None:
    before = days.of_day(lent, due).principal
    instalment = lent.instalments.get(number=1)
    event = repaying.pay(alice, lent, due + _DAY, instalment.due)
    days.end(lent, due + _DAY)
    assert days.of_day(lent, due + _DAY).principal == _outstanding(lent) < before

    repayments.take_back(
        actor=charlie, event=event, reason="It bounced.", now=repaying.at(due + 2 * _DAY)
    )
    days.end(lent, due + 2 * _DAY)

    assert days.of_day(lent, due + 2 * _DAY).principal == before == _outstanding(lent)
