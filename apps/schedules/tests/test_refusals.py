"""Absurd and contradictory terms: a sentence for each field, and never another error."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import (
    Calendar,
    CustomRow,
    Fee,
    Frequency,
    Grace,
    Method,
    Step,
    Terms,
    Tranche,
)
from apps.schedules.tests.factories import PLAIN, make

ABOVE_ZERO = "The amount must be above zero."
A_COUNT = "This must be a whole number from 1 to 3660."
A_DATE = "This must be a date from 1 Jan 1950 to 1 Jan 2150."


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"principal": Decimal(0)}, "principal", ABOVE_ZERO),
        ({"principal": Decimal(-5)}, "principal", ABOVE_ZERO),
        ({"principal": Decimal("NaN")}, "principal", "This is not an amount."),
        ({"principal": Decimal("Infinity")}, "principal", "This is not an amount."),
        ({"principal": 120_000.0}, "principal", "This is not an amount."),
        ({"principal": None}, "principal", "This is not an amount."),
        (
            {"principal": Decimal("1e13")},
            "principal",
            "The amount must not be above 1,000,000,000,000.",
        ),
        (
            {"principal": Decimal("100.001")},
            "principal",
            "The amount has fractions of the smallest unit, ₹0.01.",
        ),
        (
            {"currency": "UGX", "principal": Decimal("100.50")},
            "principal",
            "The amount has fractions of the smallest unit, USh\u202f1.",
        ),
        ({"currency": "XXX"}, "currency", "“XXX” is not a currency this lender uses."),
        ({"currency": ["INR"]}, "currency", "“['INR']” is not a currency this lender uses."),
        ({"annual_rate": Decimal("-0.01")}, "annual_rate", "The rate must not be negative."),
        (
            {"annual_rate": Decimal(12)},
            "annual_rate",
            "The rate is a fraction a year, 0.12 for 12 %, and at most 10.",
        ),
        ({"annual_rate": 0.12}, "annual_rate", "This is not a rate."),
        ({"annual_rate": Decimal("sNaN")}, "annual_rate", "This is not a rate."),
        (
            {"annual_rate": Decimal("0.1234567890123")},
            "annual_rate",
            "The rate must not have more than 12 decimals.",
        ),
        ({"instalments": 0}, "instalments", A_COUNT),
        ({"instalments": -3}, "instalments", A_COUNT),
        ({"instalments": 3661}, "instalments", A_COUNT),
        ({"instalments": True}, "instalments", A_COUNT),
        ({"instalments": 2.5}, "instalments", A_COUNT),
        ({"instalments": 601}, "instalments", "The loan would last longer than 50 years."),
        (
            {"instalments": 3660, "frequency": Frequency.YEARLY},
            "instalments",
            "The loan would last longer than 50 years.",
        ),
        ({"disbursed_on": date(1, 1, 1)}, "disbursed_on", A_DATE),
        ({"disbursed_on": date(9999, 12, 31)}, "disbursed_on", A_DATE),
        ({"disbursed_on": datetime(2026, 1, 1)}, "disbursed_on", A_DATE),  # noqa: DTZ001
        ({"disbursed_on": "2026-01-01"}, "disbursed_on", A_DATE),
        ({"method": "monthly"}, "method", None),
        ({"frequency": "hourly"}, "frequency", None),
        ({"day_count": "30/360"}, "day_count", None),
        ({"rounding_unit": Decimal(0)}, "rounding_unit", ABOVE_ZERO),
        ({"down_payment": Decimal(-1)}, "down_payment", "The amount must not be negative."),
        (
            {"down_payment": Decimal(120_000)},
            "down_payment",
            "The down payment leaves nothing to lend.",
        ),
        (
            {"balloon": Decimal(1)},
            "balloon",
            "Only the method “Equal instalments and a balloon” has this.",
        ),
        (
            {"method": Method.BALLOON},
            "balloon",
            "The method “Equal instalments and a balloon” needs this.",
        ),
        (
            {"method": Method.BALLOON, "balloon": Decimal(120_000)},
            "balloon",
            "The balloon must be below the amount lent.",
        ),
        ({"method": Method.STEPPED}, "steps", "The method “Instalments in steps” needs this."),
        (
            {"method": Method.STEPPED, "steps": (Step(13, Decimal(2)),)},
            "steps",
            "A step begins after the last instalment.",
        ),
        (
            {"method": Method.STEPPED, "steps": (Step(5, Decimal(2)), Step(5, Decimal(3)))},
            "steps",
            "Steps must begin one after the other.",
        ),
        (
            {"method": Method.STEPPED, "steps": (Step(2, Decimal(0)),)},
            "steps.1.factor",
            "A step is a factor above 0 and at most 100.",
        ),
        ({"method": Method.CUSTOM}, "rows", "The method “Agreed instalments” needs this."),
        (
            {"calendar": Calendar(weekend=frozenset(range(7)))},
            "calendar.weekend",
            "A weekend is some of the days 0 (Monday) to 6, and not all.",
        ),
        (
            {"frequency": Frequency.END_OF_MONTH, "first_due_on": date(2026, 2, 27)},
            "first_due_on",
            "The first instalment must fall due on the last day of a month.",
        ),
        ({"fees": (Fee("a", Decimal(-1)),)}, "fees.1.amount", "The amount must not be negative."),
        (
            {"fees": (Fee("a", Decimal(10) ** 12), Fee("b", Decimal(1)))},
            "fees",
            "The amount must not be above 1,000,000,000,000.",
        ),
        (
            {"annual_rate": Decimal(10), "instalments": 600},
            "instalments",
            (
                "The term is too long for this rate and amount: the last instalment could differ "
                "from the others by 1.1E+156."
            ),
        ),
        (
            {"rounding_unit": Decimal(100_000)},
            "rounding_unit",
            "Instalment 1 would not even pay its interest: the loan cannot amortise.",
        ),
        (
            {"rounding_unit": Decimal(100_000), "annual_rate": Decimal(0)},
            "rounding_unit",
            (
                "Instalments rounded to ₹1,00,000.00 leave ₹1,20,000.00 for the last one, "
                "beside ₹0.00 for the others: choose a smaller unit."
            ),
        ),
        (
            {
                "annual_rate": Decimal(10),
                "frequency": Frequency.YEARLY,
                "instalments": 45,
                "grace": Grace(principal=40, interest=40, capitalised=True),
            },
            "grace.capitalised",
            "The amount must not be above 1,000,000,000,000.",
        ),
    ],
)
def test_it_says_what_is_wrong_with_a_field(
    changed: dict[str, Any], field: str, sentence: str | None
) -> None:
    with pytest.raises(TermsRefused) as refusal:
        building.build(make(**changed))

    assert list(refusal.value.fields) == [field]
    assert sentence is None or str(refusal.value.fields[field]) == sentence
    assert str(refusal.value) == str(refusal.value.fields[field])


def test_it_names_every_wrong_field_at_once() -> None:
    with pytest.raises(TermsRefused) as refusal:
        building.build(make(principal=Decimal(-1), annual_rate=Decimal(-1), instalments=0))

    assert list(refusal.value.fields) == ["principal", "annual_rate", "instalments"]
    assert refusal.value.code == "amount"
    assert refusal.value.status == 400


def test_it_names_the_choices_where_one_is_unknown() -> None:
    with pytest.raises(TermsRefused, match="“30/360” is none of: 30_360_us, 30_360_eu, act_365"):
        building.build(make(day_count="30/360"))


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10_000, 10_000),
    st.floats(),
    st.text(max_size=5),
    st.decimals(),
    st.dates(),
    st.datetimes(),
)


@settings(max_examples=600, deadline=None)
@given(name=st.sampled_from([*sorted(PLAIN), "first_due_on", "rounding_unit"]), value=anything)
def test_it_never_fails_with_anything_but_a_sentence(name: str, value: object) -> None:
    terms = Terms(**PLAIN | {name: value})

    is_whole = _is_built_whole(terms)

    assert is_whole


def _is_built_whole(terms: Terms) -> bool:
    try:
        return building.build(terms).rows[-1].closing == 0
    except TermsRefused as refusal:
        return all(str(sentence) for sentence in refusal.fields.values())


@pytest.mark.parametrize(
    "changed",
    [
        {"tranches": (Tranche("soon", None),)},  # type: ignore[arg-type]
        {"rows": (CustomRow(None, "1"),), "method": Method.CUSTOM, "instalments": 1},  # type: ignore[arg-type]
        {"steps": (Step(1.5, "2"),), "method": Method.STEPPED},  # type: ignore[arg-type]
        {"grace": Grace(principal=None)},  # type: ignore[arg-type]
        {"calendar": Calendar(weekend=frozenset({"Sunday"}))},  # type: ignore[arg-type]
    ],
)
def test_it_refuses_parts_of_the_wrong_kind(changed: dict[str, Any]) -> None:
    with pytest.raises(TermsRefused):
        building.build(make(**changed))
