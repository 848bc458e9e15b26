"""Bands of age, for counting how groups of applicants fare. Pure.

Regulation B of the United States calls an applicant elderly from 62 years on (12 CFR 1002.2(o)),
so a lender there counts from that age instead of from 65.
"""

from bisect import bisect_right
from collections.abc import Sequence

_STARTS = (25, 35, 50, 65)
_STARTS_BY_COUNTRY = {"US": (25, 35, 50, 62)}


def starts(country: str) -> tuple[int, ...]:
    """Return the years at which a band begins, after the first one."""
    return _STARTS_BY_COUNTRY.get(country, _STARTS)


def band(age: int, bounds: Sequence[int]) -> tuple[int, int | None]:
    """Return the first and the last year of the band an age lies in; the last is open."""
    place = bisect_right(bounds, age)
    first = bounds[place - 1] if place else 0
    return first, bounds[place] - 1 if place < len(bounds) else None


def name(age: int, bounds: Sequence[int]) -> str:
    """Return how the band of an age is stored: 0-24, 25-34 ... 65-; they sort by age."""
    first, last = band(age, bounds)
    return f"{first:02d}-" if last is None else f"{first:02d}-{last}"


def limits(stored: str) -> tuple[int, int | None]:
    """Return the first and the last year of a stored band. Raises ValueError for no band."""
    first, _, last = stored.partition("-")
    return int(first), int(last) if last else None
