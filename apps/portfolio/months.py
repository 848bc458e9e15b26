"""Months as vintages and ages are counted in. Pure."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import TypeVar

from apps.core.dates import add_months

Month = TypeVar("Month")


class Width(StrEnum):
    """How many months of origination one vintage spans."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """The number of months."""
        return {Width.MONTH: 1, Width.QUARTER: 3, Width.YEAR: 12}[self]


def first_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def last_of(day: date) -> date:
    """Return the last day of a day's month."""
    return date.fromordinal(add_months(first_of(day), 1).toordinal() - 1)


def begin(day: date, width: Width) -> date:
    """Return the first day of the month, quarter or year a day is in."""
    return day.replace(month=(day.month - 1) // width.months * width.months + 1, day=1)


def age(vintage: date, day: date) -> int:
    """Return the months on book: calendar months from that of origination to that of a day."""
    return (day.year - vintage.year) * 12 + day.month - vintage.month


def add_to(vintage: date, width: Width) -> date:
    """Return the first day of the last month of a vintage."""
    return add_months(vintage, width.months - 1)


def last_ended(day: date) -> date:
    """Return the last end of a month on a day or before it."""
    return day if day == last_of(day) else date.fromordinal(first_of(day).toordinal() - 1)


def window(day: date, number: int) -> list[date]:
    """Return the ends of months from so many before to the last on a day or before it."""
    first = first_of(last_ended(day))
    return [last_of(add_months(first, -ago)) for ago in range(number, -1, -1)]


def marked(months: Sequence[Month], *, most: int = 6) -> list[Month]:
    """Return the months that an axis names, the last and others evenly before it, so many at most.

    Left to itself the axis divides a few months, and each name stands there several times.
    """
    step = -(-len(months) // most) or 1
    return list(months[::-1][::step][::-1])
