"""Bands of days past due, in which roll rates are counted. Pure.

They are the same for every lender and regime, thirty days wide (first to last day, by the plain
difference of rule book 1.17), so that months and portfolios compare; what a regulator calls a
bucket is another matter, see `npa`. Beyond them a loan may have left: repaid, or written off.
"""

from dataclasses import dataclass
from enum import StrEnum


class Band(StrEnum):
    """How late a loan is, or how it left."""

    CURRENT = "current"
    DAYS_1 = "1-29"
    DAYS_30 = "30-59"
    DAYS_60 = "60-89"
    DAYS_90 = "90-119"
    DAYS_120 = "120-149"
    DAYS_150 = "150+"
    WRITTEN_OFF = "written_off"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day of a band; no last day where it is open."""

    first: int
    last: int | None


LATE: dict[Band, Days] = {
    Band.CURRENT: Days(0, 0),
    Band.DAYS_1: Days(1, 29),
    Band.DAYS_30: Days(30, 59),
    Band.DAYS_60: Days(60, 89),
    Band.DAYS_90: Days(90, 119),
    Band.DAYS_120: Days(120, 149),
    Band.DAYS_150: Days(150, None),
}
# A loan on the books is in one of these; the others are where it can only end.
ON_BOOKS = tuple(LATE)
ORDER = tuple(Band)


def of_days(days: int) -> Band:
    """Return the band of days past due. Raises ValueError for a negative number."""
    for band, bounds in LATE.items():
        if bounds.first <= days and (bounds.last is None or days <= bounds.last):
            return band
    raise ValueError(f"{days} days past due is no count of days.")


def in_sql(days: str) -> str:
    """Return the expression that gives the band of a column of days past due."""
    arms = " ".join(
        f"WHEN {days} <= {bounds.last} THEN '{band}'"
        for band, bounds in LATE.items()
        if bounds.last is not None
    )
    return f"CASE {arms} ELSE '{Band.DAYS_150}' END"
