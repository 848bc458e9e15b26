"""Holidays and weekends: whether a day is one, and where a due date goes that falls on it. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from apps.schedules.refusals import gettext_noop, refused
from apps.schedules.terms import Adjustment, Calendar

# No country rests longer; a calendar that does is a mistake.
LONGEST_RUN = 31
_DAY = timedelta(days=1)


def is_off(day: date, calendar: Calendar) -> bool:
    """Return whether nobody pays on a day."""
    return day.weekday() in calendar.weekend or day in calendar.holidays


def moved(day: date, calendar: Calendar) -> date:
    """Return the day a due date falls on after the calendar's adjustment."""
    if calendar.adjustment == Adjustment.NONE:
        return day
    return _MOVES[calendar.adjustment](day, calendar)


def next_working(day: date, calendar: Calendar) -> date:
    """Return the day itself or the first working day after it; TermsRefused where there is none."""
    return _working(day, calendar, _DAY)


def last_working(day: date, calendar: Calendar) -> date:
    """Return the day itself or the last working day before it; TermsRefused where there is none."""
    return _working(day, calendar, -_DAY)


def _working(day: date, calendar: Calendar, step: timedelta) -> date:
    for _ in range(LONGEST_RUN + 1):
        if not is_off(day, calendar):
            return day
        day += step
    pattern = gettext_noop("The calendar has more than %(days)s days off in a row.")
    raise refused("calendar", "calendar", pattern, days=LONGEST_RUN)


def _modified_following(day: date, calendar: Calendar) -> date:
    """Return the next working day, or the last one before where the next is in another month.

    ISDA, 2006 Definitions, section 4.12(a)(ii).
    """
    later = next_working(day, calendar)
    return later if later.month == day.month else last_working(day, calendar)


_MOVES: Mapping[Adjustment, Callable[[date, Calendar], date]] = {
    Adjustment.PREVIOUS: last_working,
    Adjustment.NEXT: next_working,
    Adjustment.MODIFIED_FOLLOWING: _modified_following,
}
