"""The days as on which credit bureaus are told, and by when (rule book 6.10). Pure.

*Source:* RBI/DOR/2025-26/112-116, 4 Dec 2025, in force 1 Jul 2026: data as on the 9th, 16th, 23rd
and the last day; the first three incremental within four calendar days, the full file by the 5th
of the next month. From 1 Jan 2025 until then: the 15th and the last day, within seven days.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

WEEKLY_FROM = date(2026, 7, 1)
_WEEKLY_DAYS = (9, 16, 23)
_FORTNIGHT_DAY = 15
_DAYS_FOR_INCREMENT = 4
_DAYS_FOR_FORTNIGHT = 7
_FULL_FILE_BY = 5
# A complaint about reported data that stays open longer costs the lender so much a day.
_DAYS_TO_RESOLVE = 30
_RUPEES_A_DAY = 100


class Kind(StrEnum):
    """What a file holds: every account, or those that changed since the file before."""

    FULL = "full"
    INCREMENTAL = "incremental"


class NotAReferenceDay(ValueError):
    """The calendar has no file as on this day."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """One file: as on which day, full or incremental, and the last day to hand it in."""

    reference: date
    kind: Kind
    due: date


def reporting(reference: date) -> Reporting:
    """Return what is handed in as on a day. Raises NotAReferenceDay."""
    if reference not in days_of_month(reference.year, reference.month):
        raise NotAReferenceDay(reference.isoformat())
    if reference < WEEKLY_FROM:
        return Reporting(reference, Kind.FULL, reference + timedelta(days=_DAYS_FOR_FORTNIGHT))
    if reference.day in _WEEKLY_DAYS:
        due = reference + timedelta(days=_DAYS_FOR_INCREMENT)
        return Reporting(reference, Kind.INCREMENTAL, due)
    following = reference + timedelta(days=1)
    return Reporting(reference, Kind.FULL, following.replace(day=_FULL_FILE_BY))


def days_of_month(year: int, month: int) -> tuple[date, ...]:
    """Return the reference days of a month, in order."""
    last = date(year, month, calendar.monthrange(year, month)[1])
    days = _WEEKLY_DAYS if last >= WEEKLY_FROM else (_FORTNIGHT_DAY,)
    return (*(last.replace(day=day) for day in days), last)


def latest(day: date) -> date:
    """Return the last reference day that is not after a day."""
    of_month = days_of_month(day.year, day.month)
    if day >= of_month[0]:
        return max(one for one in of_month if one <= day)
    return day.replace(day=1) - timedelta(days=1)


def previous(reference: date) -> date:
    """Return the reference day before one."""
    return latest(reference - timedelta(days=1))


def last_owed(day: date) -> Reporting:
    """Return the last file whose data are as on a day before this one: it may still be due."""
    return reporting(previous(day))


def upcoming(day: date, count: int) -> list[Reporting]:
    """Return the next files from a day on, as many as asked for."""
    found: list[Reporting] = []
    year, month = day.year, day.month
    while len(found) < count:
        found += [reporting(one) for one in days_of_month(year, month) if one >= day]
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found[:count]


def compensation(*, complained: date, resolved: date) -> tuple[int, int]:
    """Return the days a complaint was open beyond thirty, and the rupees owed for them."""
    over = max((resolved - complained).days - _DAYS_TO_RESOLVE, 0)
    return over, over * _RUPEES_A_DAY
