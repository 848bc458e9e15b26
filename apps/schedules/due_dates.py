"""When instalments fall due, before a calendar moves them: every frequency counted from one date.

Pure. Each date is counted from the first one, never from the one before: a loan due on the 31st
comes back to the 31st after February.
"""

import calendar as months
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from apps.schedules import days_off
from apps.schedules.terms import Adjustment, Calendar, Frequency, Terms

_DAYS: Mapping[Frequency, int] = {
    Frequency.DAILY: 1,
    Frequency.WEEKLY: 7,
    Frequency.FORTNIGHTLY: 14,
    Frequency.FOUR_WEEKLY: 28,
}
_MONTHS: Mapping[Frequency, int] = {
    Frequency.MONTHLY: 1,
    Frequency.END_OF_MONTH: 1,
    Frequency.QUARTERLY: 3,
    Frequency.HALF_YEARLY: 6,
    Frequency.YEARLY: 12,
}
_REGULAR_SHARES: Mapping[Frequency, Fraction] = {
    Frequency.SEMI_MONTHLY: Fraction(1, 24),
    **{frequency: Fraction(count, 12) for frequency, count in _MONTHS.items()},
}
_DAY = timedelta(days=1)
# The 31st stands for the last day of every month, because it is clipped.
_MONTH_END = 31
_HALF_MONTH = 15


def planned(terms: Terms, count: int) -> list[date]:
    """Return count + 1 dates: where the first regular period starts, and each due date.

    ValueError or OverflowError where a date lies beyond the calendar that Python knows.
    """
    if terms.frequency in _DAYS:
        return _by_days(terms, count)
    if terms.frequency == Frequency.SEMI_MONTHLY:
        return _by_half_months(terms, count)
    return _by_months(terms, count)


def regular_share(frequency: Frequency) -> Fraction | None:
    """Return the share of a year that months, or half months, are; None for counted days."""
    return _REGULAR_SHARES.get(frequency)


def skips_days_off(frequency: Frequency, calendar: Calendar) -> bool:
    """Return whether daily instalments are due on working days only, instead of being moved."""
    return frequency == Frequency.DAILY and calendar.adjustment != Adjustment.NONE


def _by_days(terms: Terms, count: int) -> list[date]:
    if skips_days_off(terms.frequency, terms.calendar):
        return _working_days(terms, count)
    step = timedelta(days=_DAYS[terms.frequency])
    first = terms.first_due_on or terms.disbursed_on + step
    return [first + step * number for number in range(-1, count)]


def _working_days(terms: Terms, count: int) -> list[date]:
    days = terms.calendar
    first = days_off.next_working(terms.first_due_on or terms.disbursed_on + _DAY, days)
    found = [days_off.last_working(first - _DAY, days), first]
    while len(found) <= count:
        found.append(days_off.next_working(found[-1] + _DAY, days))
    return found


def _by_months(terms: Terms, count: int) -> list[date]:
    step = _MONTHS[terms.frequency]
    is_month_end = terms.frequency == Frequency.END_OF_MONTH
    anchor = _MONTH_END if is_month_end else terms.disbursed_on.day
    first = _month(terms.disbursed_on) + step
    if terms.first_due_on and terms.first_due_on != _clipped(first, anchor):
        first = _month(terms.first_due_on)
        anchor = _MONTH_END if is_month_end else terms.first_due_on.day
    return [_clipped(first + step * number, anchor) for number in range(-1, count)]


def _by_half_months(terms: Terms, count: int) -> list[date]:
    """Return the days twice a month that lie 15 days apart: the 5th and 20th, 16th and 31st."""
    day = terms.disbursed_on.day
    first = _half(terms.disbursed_on) + 1
    if terms.first_due_on and terms.first_due_on != _half_month(first, day):
        day = terms.first_due_on.day
        first = _half(terms.first_due_on)
    return [_half_month(first + number, day) for number in range(-1, count)]


def _half_month(half: int, day: int) -> date:
    """Return the date in a half month, counted from year 0, of a pair that contains `day`."""
    early = day if day <= _HALF_MONTH else day - _HALF_MONTH
    month, is_late = divmod(half, 2)
    return _clipped(month, early + _HALF_MONTH * is_late)


def _half(day: date) -> int:
    return _month(day) * 2 + (day.day > _HALF_MONTH)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _clipped(month: int, day: int) -> date:
    """Return a day of a month counted from year 0, or the month's last day where it has fewer."""
    year, index = divmod(month, 12)
    # No month is shorter than 28 days, and asking the calendar takes time.
    last = day if day <= 28 else min(day, months.monthrange(year, index + 1)[1])
    return date(year, index + 1, last)
