"""Calendar arithmetic on dates. Pure; the clock is never read here."""

import calendar
from datetime import date, datetime, time
from zoneinfo import ZoneInfo


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later, clipped to the end of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def months_between(earlier: date, later: date) -> int:
    """Return the number of whole months from `earlier` to `later` (negative when reversed)."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    if months > 0 and add_months(earlier, months) > later:
        return months - 1
    if months < 0 and add_months(earlier, months) < later:
        return months + 1
    return months


def age_in_years(born: date, on: date) -> int:
    """Return completed years of age on a day; one born on 29 February ages on 28 February."""
    return months_between(born, on) // 12 if on >= born else -1


def local_date(moment: datetime, time_zone: str) -> date:
    """Return the calendar date it is at `moment` in a named zone, for example Asia/Kolkata."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def last_moment(day: date, time_zone: str) -> datetime:
    """Return the last moment of a calendar date in a named zone."""
    return datetime.combine(day, time.max, ZoneInfo(time_zone))
