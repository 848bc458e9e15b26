"""What loans are told apart by where defaults are counted: band, months on book, lateness. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal

from apps.portfolio.bands import Band

# The last month on book of each group of ages; the last group is open. Defaults are too few in one
# month alone, and a hazard changes little from one month to the next once a loan is older.
AGES = (3, 6, 9, 12, 18, 24, 36, 60)
# How late a loan that performs can be, in the bands of roll rates.
LATENESS = (Band.CURRENT, Band.DAYS_1, Band.DAYS_30, Band.DAYS_60)
# How many months pass from the first due date that a loan in time misses to its default.
MOST_TO_DEFAULT = len(LATENESS) - 1
# How many months lateness is told apart for: after them a loan has defaulted, cured or rolled.
LEADS = 6


def band_of(pd: Decimal | None, bounds: Sequence[Decimal]) -> int:
    """Return the place of a PD at origination among the bands; without one, a band of its own."""
    return len(bounds) + 1 if pd is None else bisect_left(bounds, pd)


def bands(bounds: Sequence[Decimal]) -> int:
    """Return how many bands there are, that of loans without a PD among them."""
    return len(bounds) + 2


def age_of(month: int) -> int:
    """Return the group of a month on book; the first month is 1."""
    return bisect_left(AGES, month)


def months_to_default(late: int) -> int:
    """Return how many months pass from a missed due date, or from now, to default.

    A loan in time defaults 90 days after the first due date that it misses, so that a default
    recognised in a month is of what was missed three months before. Each band of `LATENESS` is one
    of these months gone by already.
    """
    return MOST_TO_DEFAULT - late


def late_of(days: int) -> int:
    """Return the place of days past due in `LATENESS`; what is later stands with the last."""
    return (days >= 1) + (days >= 30) + (days >= 60)
