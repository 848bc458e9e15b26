"""Effective rates are those that offers tell, however their due dates lie."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from apps.impairment.models import LoanLoss
from apps.impairment.statements import words
from apps.schedules import building, cost
from apps.schedules.terms import Frequency, Method, Terms

D = Decimal
TERMS = Terms(
    principal=D(60_000),
    currency="INR",
    annual_rate=D("0.24"),
    instalments=12,
    disbursed_on=date(2026, 1, 1),
)


def _effective(key_facts: str | None, *, apr: Decimal | None, annual_rate: str = "0.24") -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {words.EFFECTIVE} FROM (SELECT %s::numeric AS annual_rate) l,"  # noqa: S608 - ours
            " (SELECT %s::numeric AS apr, jsonb_build_object('effective_annual', %s::text)"
            " AS key_facts) o",
            [annual_rate, apr, key_facts],
        )
        found: Decimal = cursor.fetchone()[0]
        return found


@pytest.mark.parametrize(
    ("changes", "periods"),
    [
        pytest.param({}, 12, id="monthly"),
        pytest.param({"frequency": Frequency.WEEKLY, "instalments": 52}, 52, id="weekly"),
        pytest.param({"frequency": Frequency.QUARTERLY, "instalments": 4}, 4, id="quarterly"),
        pytest.param({"method": Method.SINGLE}, 1, id="single-after-a-year"),
    ],
)
def test_a_rate_compounds_as_its_due_dates_lie(
    db: None, changes: dict[str, Any], periods: int
) -> None:
    schedule = building.build(replace(TERMS, **changes))
    apr = cost.apr(schedule)

    found = _effective(str(cost.effective_annual(schedule)), apr=apr)

    assert abs(found - ((1 + apr / periods) ** periods - 1)) < D("1e-7")


def test_a_loan_of_a_tape_compounds_month_by_month(db: None) -> None:
    assert _effective(None, apr=None) == (D("1.02") ** 12 - 1).quantize(D("1e-8"))


@pytest.mark.parametrize("told", ["999999.5", "1E+5", None])
def test_no_rate_is_higher_than_the_column_keeps(db: None, told: str | None) -> None:
    """A fee of some times the loan, due in some days, must not stop a lender's measurement."""
    found = _effective(told, apr=D(10), annual_rate="12")
    field: Any = LoanLoss._meta.get_field("effective_rate")

    assert found == D(words.MOST_RATE)
    assert found < 10 ** (field.max_digits - field.decimal_places)
