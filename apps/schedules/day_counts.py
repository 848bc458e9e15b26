"""What share of a year lies between two days, exactly. Pure.

Sources: ISDA, 2006 Definitions, section 4.16 - (b) actual/actual, (d) actual/365 fixed,
(e) actual/360, (g) 30E/360 - and, for 30/360 US, the SIA rule of Standard Securities Calculation
Methods (1993), which also counts the last day of February as a thirtieth. The first day counts,
the last does not. A share is a Fraction: 30/360 has no finite decimal, and a half cent must not
depend on where one was cut off.
"""

import calendar
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache

from apps.schedules.terms import DayCount


def share_of_year(start: date, end: date, day_count: DayCount) -> Fraction:
    """Return the share of a year from `start` to `end`; ValueError where it ends before."""
    if end < start:
        raise ValueError(f"A period that starts on {start} cannot end on {end}.")
    return _RULES[day_count](start, end)


def _thirty_360_us(start: date, end: date) -> Fraction:
    first, last = start.day, end.day
    if _ends_february(start):
        last = 30 if _ends_february(end) else last
        first = 30
    if last == 31 and first >= 30:
        last = 30
    return _thirty_360(start, end, min(first, 30), last)


def _thirty_360_eu(start: date, end: date) -> Fraction:
    return _thirty_360(start, end, min(start.day, 30), min(end.day, 30))


def _thirty_360(start: date, end: date, first: int, last: int) -> Fraction:
    months = (end.year - start.year) * 12 + end.month - start.month
    return _share(months * 30 + last - first, 360)


def _act_365(start: date, end: date) -> Fraction:
    return _share((end - start).days, 365)


def _act_360(start: date, end: date) -> Fraction:
    return _share((end - start).days, 360)


def _act_act_isda(start: date, end: date) -> Fraction:
    """Return the days in leap years over 366 and the others over 365."""
    if start.year == end.year:
        return _share((end - start).days, _days_in(start.year))
    before = _share((date(start.year + 1, 1, 1) - start).days, _days_in(start.year))
    after = _share((end - date(end.year, 1, 1)).days, _days_in(end.year))
    return before + (end.year - start.year - 1) + after


def _ends_february(day: date) -> bool:
    return day.month == 2 and day.day == calendar.monthrange(day.year, 2)[1]


def _days_in(year: int) -> int:
    return 366 if calendar.isleap(year) else 365


@lru_cache(maxsize=4096)
def _share(days: int, year: int) -> Fraction:
    return Fraction(days, year)


_RULES: Mapping[DayCount, Callable[[date, date], Fraction]] = {
    DayCount.THIRTY_360_US: _thirty_360_us,
    DayCount.THIRTY_360_EU: _thirty_360_eu,
    DayCount.ACT_365: _act_365,
    DayCount.ACT_360: _act_360,
    DayCount.ACT_ACT_ISDA: _act_act_isda,
}
