"""Until when an offer holds: so many working days after the day it was made. Pure."""

from datetime import date, timedelta

from apps.schedules import days_off
from apps.schedules.terms import Calendar

_A_DAY = timedelta(days=1)


class CalendarUnknown(LookupError):
    """The lender's days off are not on record for a year."""

    def __init__(self, year: int) -> None:
        super().__init__(str(year))
        self.year = year


def last_day(offered: date, working_days: int, calendar: Calendar) -> date:
    """Return the last of so many working days after the day of the offer. Rule book 6.6.

    Raises CalendarUnknown where the weekly days off or the holidays of a year are not on record.
    """
    day, left = offered, working_days
    while left:
        day += _A_DAY
        if not calendar.weekend or all(one.year != day.year for one in calendar.holidays):
            raise CalendarUnknown(day.year)
        if not days_off.is_off(day, calendar):
            left -= 1
    return day
