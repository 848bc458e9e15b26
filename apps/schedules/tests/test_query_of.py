"""The address of a quote holds everything that a product's terms may say."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import QueryDict

from apps.schedules import building, comparing
from apps.schedules.terms import Method, Step, Terms

TERMS: dict[str, object] = {
    "principal": Decimal(200_000),
    "currency": "INR",
    "annual_rate": Decimal("0.16"),
    "instalments": 24,
    "disbursed_on": date(2026, 11, 20),
    "rounding_unit": Decimal(1),
}


@pytest.mark.parametrize(
    "changes",
    [
        {"method": Method.EQUAL_PRINCIPAL},
        {"method": Method.FLAT},
        {"method": Method.INTEREST_ONLY},
        {"method": Method.SINGLE},
        {"method": Method.BALLOON, "balloon": Decimal(60_000)},
        {
            "method": Method.STEPPED,
            "steps": (Step(9, Decimal("1.05")), Step(17, Decimal("1.1025"))),
        },
    ],
    ids=["equal-principal", "flat", "interest-only", "single", "balloon", "stepped"],
)
def test_the_quote_of_an_address_is_the_schedule_of_its_terms(changes: dict[str, object]) -> None:
    terms = Terms(**{**TERMS, **changes})  # type: ignore[arg-type]

    query = QueryDict(comparing.query_of(terms))
    [asked] = comparing.asked(query, currency="INR", today=date(2026, 11, 20))

    assert asked.quote is not None, asked.form.errors
    assert asked.quote.schedule.rows == building.build(terms).rows
