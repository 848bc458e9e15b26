"""Vintage curves: cumulative, of what was lent, and no longer than every loan is old."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.dates import add_months
from apps.portfolio import months, vintages
from apps.portfolio.months import Width
from apps.portfolio.vintages import Lost, Sum

JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)
LENT = {JANUARY: Sum(10, Decimal(1000)), FEBRUARY: Sum(20, Decimal(3000))}


def _lost(vintage: date, age: int, loans: int, amount: int) -> Lost:
    return Lost(vintage, age, Sum(loans, Decimal(amount)))


def test_a_curve_adds_up_what_was_lost_by_each_age() -> None:
    lost = [_lost(JANUARY, 2, 1, 80), _lost(JANUARY, 4, 1, 20), _lost(FEBRUARY, 2, 2, 300)]

    january, february = vintages.curves(LENT, lost, width=Width.MONTH, on=date(2025, 6, 30))

    assert [january.by_amount(age) for age in range(7)] == [
        *(0, 0, Decimal("0.08"), Decimal("0.08"), Decimal("0.1"), Decimal("0.1"), None)
    ]
    assert january.by_number(4) == Decimal("0.2")
    assert (february.months, february.by_amount(4)) == (4, Decimal("0.1"))


def test_a_quarter_goes_as_far_as_its_youngest_loans_are_old() -> None:
    lost = [_lost(JANUARY, 5, 1, 80), _lost(FEBRUARY, 2, 2, 300)]

    [quarter] = vintages.curves(LENT, lost, width=Width.QUARTER, on=date(2025, 6, 30))

    # What March lent would be three months old; what January lost at five shows later.
    assert (quarter.vintage, quarter.months, quarter.lent) == (JANUARY, 3, Sum(30, Decimal(4000)))
    assert quarter.by_amount(3) == Decimal("0.075")


def test_a_month_that_is_not_over_counts_for_no_age() -> None:
    lost = [_lost(JANUARY, 5, 1, 80)]

    [within, _next] = vintages.curves(LENT, lost, width=Width.MONTH, on=date(2025, 6, 29))
    [over, _next] = vintages.curves(LENT, lost, width=Width.MONTH, on=date(2025, 6, 30))

    assert (within.months, over.months) == (4, 5)
    assert over.by_amount(5) == Decimal("0.08")


def test_what_came_after_the_day_is_not_known_on_it() -> None:
    lost = [_lost(JANUARY, 1, 1, 80), _lost(JANUARY, 2, 1, 80)]

    found = vintages.curves(LENT, lost, width=Width.YEAR, on=date(2025, 2, 1))

    assert found[0].lent == Sum(30, Decimal(4000))
    assert vintages.curves(LENT, lost, width=Width.MONTH, on=date(2025, 1, 31))[-1].lent == Sum(
        10, Decimal(1000)
    )


def test_a_chart_ends_where_no_curve_rises_any_more() -> None:
    lost = [_lost(JANUARY, 2, 1, 80), _lost(FEBRUARY, 3, 1, 20)]
    found = vintages.curves(LENT, lost, width=Width.MONTH, on=date(2027, 1, 31))

    assert vintages.longest(found) == 3
    assert vintages.longest([]) == 0


@given(
    lost=st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 40), st.integers(1, 99)), max_size=8
    ),
    width=st.sampled_from(Width),
)
def test_no_curve_falls_and_all_that_was_lost_is_in_them(
    lost: list[tuple[int, int, int]], width: Width
) -> None:
    lent = {add_months(JANUARY, month): Sum(1, Decimal(10_000)) for month in range(12)}
    rows = [_lost(add_months(JANUARY, month), age, 1, amount) for month, age, amount in lost]

    found = vintages.curves(lent, rows, width=width, on=date(2035, 12, 31))

    for curve in found:
        amounts = [one.amount for one in curve.lost]
        assert amounts == sorted(amounts)
    ends = [curve.lost[-1].amount for curve in found]
    assert sum(ends, Decimal(0)) == sum(amount for *_rest, amount in lost)


@pytest.mark.parametrize(
    ("width", "first"),
    [
        (Width.MONTH, date(2024, 5, 1)),
        (Width.QUARTER, date(2024, 4, 1)),
        (Width.YEAR, date(2024, 1, 1)),
    ],
)
def test_a_day_is_in_one_vintage(width: Width, first: date) -> None:
    assert months.begin(date(2024, 5, 31), width) == first
    assert months.age(date(2024, 5, 1), date(2025, 2, 28)) == 9
    assert months.last_of(date(2024, 2, 3)) == date(2024, 2, 29)
