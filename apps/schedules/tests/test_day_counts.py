"""Day counts against published values, and one rule for every use of them."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.schedules import building, interest
from apps.schedules.day_counts import share_of_year
from apps.schedules.terms import DayCount
from apps.schedules.tests import recomputing
from apps.schedules.tests.factories import make

days = st.dates(date(1999, 1, 1), date(2040, 12, 31))

# ISDA, 30/360 day count conventions (22 December 2008), column 30E/360.
ISDA_30E_360 = [
    ("2006-08-20", "2007-02-20", 180),
    ("2007-02-20", "2007-08-20", 180),
    ("2007-08-20", "2008-02-20", 180),
    ("2006-02-28", "2006-08-31", 182),
    ("2006-08-31", "2007-02-28", 178),
    ("2007-02-28", "2007-08-31", 182),
    ("2007-08-31", "2008-02-29", 179),
    ("2008-02-29", "2008-08-31", 181),
    ("2008-08-31", "2009-02-28", 178),
    ("2006-01-31", "2006-02-28", 28),
    ("2006-01-30", "2006-02-28", 28),
    ("2006-02-28", "2006-03-03", 5),
    ("2006-02-14", "2006-02-28", 14),
    ("2006-09-30", "2006-10-31", 30),
    ("2006-10-31", "2006-11-28", 28),
    ("2007-08-31", "2008-02-28", 178),
    ("2008-02-28", "2008-08-28", 180),
    ("2008-02-28", "2008-08-30", 182),
    ("2008-02-28", "2008-08-31", 182),
    ("2007-02-26", "2008-02-28", 362),
    ("2007-02-26", "2008-02-29", 363),
    ("2008-02-29", "2009-02-28", 359),
    ("2008-02-28", "2008-03-30", 32),
    ("2008-02-28", "2008-03-31", 32),
]
# The same dates by the rule of 30/360 US (SIA), counted by hand: a last day of February starts as
# a 30th, ends as one after another, and a 31st stays one after an earlier day than the 30th.
US_30_360 = [
    ("2006-08-20", "2007-02-20", 180),
    ("2007-08-20", "2008-02-20", 180),
    ("2006-02-28", "2006-08-31", 180),
    ("2006-08-31", "2007-02-28", 178),
    ("2007-08-31", "2008-02-29", 179),
    ("2008-02-29", "2008-08-31", 180),
    ("2006-01-31", "2006-02-28", 28),
    ("2006-02-28", "2006-03-03", 3),
    ("2006-02-14", "2006-02-28", 14),
    ("2006-09-30", "2006-10-31", 30),
    ("2006-10-31", "2006-11-28", 28),
    ("2008-02-28", "2008-08-31", 183),
    ("2007-02-26", "2008-02-29", 363),
    ("2008-02-29", "2009-02-28", 360),
    ("2007-02-28", "2008-02-29", 360),
    ("2007-02-28", "2008-02-28", 358),
    ("2008-02-28", "2008-03-31", 33),
    ("2026-08-15", "2026-08-31", 16),
]
# ISDA, EMU and market conventions: recent developments (1999), actual/actual (ISDA).
ISDA_ACT_ACT = [
    ("2003-11-01", "2004-05-01", "0.497724381"),
    ("1999-02-01", "1999-07-01", "0.410958904"),
    ("1999-07-01", "2000-07-01", "1.001377349"),
    ("2002-08-15", "2003-07-15", "0.915068493"),
    ("2003-07-15", "2004-01-15", "0.504004791"),
    ("1999-07-30", "2000-01-30", "0.503892507"),
    ("2000-01-30", "2000-06-30", "0.415300546"),
    ("1999-11-30", "2000-04-30", "0.415540085"),
]


@pytest.mark.parametrize(("start", "end", "expected"), ISDA_30E_360)
def test_it_counts_30_360_european_as_isda(start: str, end: str, expected: int) -> None:
    share = share_of_year(_day(start), _day(end), DayCount.THIRTY_360_EU)

    assert share == Fraction(expected, 360)


@pytest.mark.parametrize(("start", "end", "expected"), US_30_360)
def test_it_counts_30_360_us(start: str, end: str, expected: int) -> None:
    share = share_of_year(_day(start), _day(end), DayCount.THIRTY_360_US)

    assert share == Fraction(expected, 360)


@pytest.mark.parametrize(("start", "end", "expected"), ISDA_ACT_ACT)
def test_it_counts_actual_actual_as_isda(start: str, end: str, expected: str) -> None:
    fraction = interest.year_fraction(_day(start), _day(end), DayCount.ACT_ACT_ISDA)

    assert round(fraction, 9) == Decimal(expected)


def test_it_splits_actual_actual_at_new_year() -> None:
    share = share_of_year(date(2023, 10, 1), date(2025, 4, 1), DayCount.ACT_ACT_ISDA)

    assert share == Fraction(92, 365) + 1 + Fraction(90, 365)


@pytest.mark.parametrize(("day_count", "year"), [(DayCount.ACT_365, 365), (DayCount.ACT_360, 360)])
def test_it_counts_real_days_over_a_fixed_year(day_count: DayCount, year: int) -> None:
    share = share_of_year(date(2024, 1, 1), date(2025, 1, 1), day_count)

    assert share == Fraction(366, year)


@given(start=days, length=st.integers(0, 4000), day_count=st.sampled_from(DayCount))
def test_it_agrees_with_a_second_count(start: date, length: int, day_count: DayCount) -> None:
    end = start + timedelta(days=length)

    share = share_of_year(start, end, day_count)

    assert share == recomputing.share(start, end, str(day_count))
    assert share >= 0


@pytest.mark.parametrize("day_count", list(DayCount))
def test_it_refuses_a_period_that_ends_before_it_starts(day_count: DayCount) -> None:
    with pytest.raises(ValueError, match="cannot end"):
        share_of_year(date(2026, 2, 2), date(2026, 2, 1), day_count)


def test_it_charges_for_the_days_of_the_count() -> None:
    # Rule book 6.8 T4: 10,000 for 30 days at 15 % on actual/365.
    charge = interest.interest(
        Decimal(10_000),
        Decimal("0.15"),
        date(2026, 3, 1),
        date(2026, 3, 31),
        day_count=DayCount.ACT_365,
    )

    assert round(charge, 2) == Decimal("123.29")


def test_it_keeps_half_a_cent_exact() -> None:
    # 100 x 10.5 % x 30/360 is 0.875; a share cut off at some digit would give a little less.
    charge = interest.interest(
        Decimal(100),
        Decimal("0.105"),
        date(2026, 1, 1),
        date(2026, 1, 31),
        day_count=DayCount.THIRTY_360_US,
    )

    assert charge == Decimal("0.875")


@settings(max_examples=60, deadline=None)
@given(
    disbursed=days,
    day_count=st.sampled_from(DayCount),
    place=st.integers(0, 11),
    passed=st.integers(0, 400),
)
def test_it_accrues_up_to_what_the_schedule_charges(
    disbursed: date, day_count: DayCount, place: int, passed: int
) -> None:
    schedule = building.build(make(disbursed_on=disbursed, day_count=day_count))
    row = schedule.rows[place]
    day = row.starts_on + timedelta(days=passed)

    def accrued(day: date) -> Decimal:
        return interest.accrued(row.opening, Decimal("0.12"), row, day, day_count=day_count)

    assert round(accrued(row.due_on) - row.interest, 2) == 0
    assert 0 <= accrued(day) <= accrued(day + timedelta(days=1)) <= accrued(row.due_on)
    assert accrued(row.starts_on) == 0


def test_it_accrues_no_more_than_a_month_in_a_month() -> None:
    # 28 February to 30 March is 32 days of 30E/360; the month to 31 March is a month.
    terms = make(disbursed_on=date(2026, 1, 31), day_count=DayCount.THIRTY_360_EU)
    row = building.build(terms).rows[1]

    share = interest.elapsed(row, date(2026, 3, 30), DayCount.THIRTY_360_EU)

    assert row.due_on == date(2026, 3, 31)
    assert share == Fraction(1, 12)


def test_it_accrues_day_by_day_with_the_schedule_s_count() -> None:
    row = building.build(make(day_count=DayCount.ACT_365)).rows[0]

    charge = interest.accrued(
        row.opening, Decimal("0.12"), row, date(2026, 1, 25), day_count=DayCount.ACT_365
    )

    assert round(charge, 2) == Decimal("394.52")


def _day(text: str) -> date:
    return date.fromisoformat(text)
