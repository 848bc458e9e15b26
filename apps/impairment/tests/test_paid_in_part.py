"""The exposure of a loan that was paid out in part: what is owed is drawn, the rest may be yet."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.impairment.measuring import exposure_at_default
from apps.impairment.reckoning import Read
from apps.impairment.statements.loans import batch
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.npa.tests import day_factories as days
from apps.repayments.tests.factories import at, later

pytestmark = pytest.mark.django_db
HALF = Decimal("0.5")


def _read(loan: Loan, day: date) -> Read:
    values = {
        "entity": loan.branch.entity_id,
        "day": day,
        "before": None,
        "after": None,
        "most": 10,
    }
    with connection.cursor() as cursor:
        cursor.execute(batch(()), values)
        [row] = cursor.fetchall()
    return Read(*row)


def test_the_rest_counts_by_its_conversion_and_no_more_once_it_is_given_up(
    staged: Loan, bob: User
) -> None:
    days.rules()
    days.end_until(staged, later(1), later(2), close=True)

    before = _read(staged, later(2))
    loans.give_up_rest(actor=bob, loan=staged, reason="No more is needed", now=at(later(3)))
    days.end_until(staged, later(3), later(4), close=True)
    after = _read(staged, later(4))

    owed = {one: days.of_day(staged, one) for one in (later(2), later(4))}
    beside = {
        one: row.interest_due + row.interest_earned + row.charges_due for one, row in owed.items()
    }
    assert (before.drawn, before.undrawn) == (80_000 + beside[later(2)], 120_000)
    assert exposure_at_default(before.drawn, before.undrawn, HALF) == 140_000 + beside[later(2)]
    assert (after.drawn, after.undrawn) == (80_000 + beside[later(4)], 0)
