"""Calendar arithmetic: ends of months, leap days, ages."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.dates import add_months, age_in_years, months_between

DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_it_clips_to_the_end_of_a_shorter_month(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@pytest.mark.parametrize(
    ("earlier", "later", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 31), date(2026, 2, 27), 0),
        (date(2026, 1, 15), date(2026, 1, 14), 0),
        (date(2026, 2, 15), date(2026, 1, 15), -1),
        (date(2026, 1, 1), date(2027, 1, 1), 12),
    ],
)
def test_it_counts_whole_months(earlier: date, later: date, months: int) -> None:
    assert months_between(earlier, later) == months


@given(DAYS, st.integers(0, 600))
def test_it_counts_back_the_months_it_added(day: date, months: int) -> None:
    assert months_between(day, add_months(day, months)) == months


@given(DAYS, DAYS)
def test_it_never_passes_the_later_day(first: date, second: date) -> None:
    earlier, later = sorted((first, second))
    months = months_between(earlier, later)

    assert add_months(earlier, months) <= later < add_months(earlier, months + 1)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(2000, 6, 15), date(2018, 6, 14), 17),
        (date(2000, 6, 15), date(2018, 6, 15), 18),
        (date(2000, 2, 29), date(2018, 2, 27), 17),
        (date(2000, 2, 29), date(2018, 2, 28), 18),
        (date(2000, 2, 29), date(2020, 2, 28), 19),
        (date(2000, 2, 29), date(2020, 2, 29), 20),
        (date(2026, 1, 1), date(2026, 1, 1), 0),
        (date(2026, 1, 2), date(2026, 1, 1), -1),
    ],
)
def test_it_counts_completed_years(born: date, on: date, age: int) -> None:
    assert age_in_years(born, on) == age
