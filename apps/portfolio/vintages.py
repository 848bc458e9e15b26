"""Vintage curves: of what was lent in a period, the share that was lost by each age. Pure.

A curve is cumulative: the value at n months on book is what was written off at n months or earlier
over all that was lent in the vintage, before recoveries. It ends where the youngest loans of the
vintage are not that old yet: beyond, part of the vintage could not have been lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from apps.core.dates import add_months
from apps.portfolio import months
from apps.portfolio.months import Width

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sum:
    """How many loans, and what they come to."""

    loans: int = 0
    amount: Decimal = ZERO

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.loans + other.loans, self.amount + other.amount)


@dataclass(frozen=True, slots=True)
class Lost:
    """What of a month of origination was written off so many months later."""

    vintage: date
    months_on_book: int
    sum: Sum


@dataclass(frozen=True, slots=True)
class Curve:
    """A vintage: what was lent, and what of it was lost by each age, from 0 to `months` on book."""

    vintage: date
    lent: Sum
    # The age that all its loans have reached.
    months: int
    # Cumulative, one for each age from 0 to `months`.
    lost: tuple[Sum, ...] = field(default_factory=tuple)

    def by_amount(self, age: int) -> Decimal | None:
        """Return the share of the amount lent that was lost by an age; None beyond the curve."""
        return self._share(age, "amount")

    def by_number(self, age: int) -> Decimal | None:
        """Return the share of the loans that were lost by an age; None beyond the curve."""
        return self._share(age, "loans")

    def _share(self, age: int, of: str) -> Decimal | None:
        whole = getattr(self.lent, of)
        if not 0 <= age <= self.months or not whole:
            return None
        return Decimal(getattr(self.lost[age], of)) / Decimal(whole)


def curves(
    lent: Mapping[date, Sum], lost: Iterable[Lost], *, width: Width, on: date
) -> list[Curve]:
    """Return the curve of each vintage as of a day, the earliest first.

    `lent` holds what was lent by month, by the first day of it. A month counts as over only when
    `on` is its last day; what was lent or lost after `on` is left out.
    """
    wholes: dict[date, Sum] = {}
    for month, one in lent.items():
        if month <= on:
            vintage = months.begin(month, width)
            wholes[vintage] = wholes.get(vintage, Sum()) + one
    by_age = _by_age(lost, width=width, on=on)
    return [
        _curve(vintage, wholes[vintage], by_age.get(vintage, {}), width=width, on=on)
        for vintage in sorted(wholes)
    ]


def _by_age(lost: Iterable[Lost], *, width: Width, on: date) -> dict[date, dict[int, Sum]]:
    found: dict[date, dict[int, Sum]] = {}
    for one in lost:
        if add_months(one.vintage, one.months_on_book) > on:
            continue
        ages = found.setdefault(months.begin(one.vintage, width), {})
        ages[one.months_on_book] = ages.get(one.months_on_book, Sum()) + one.sum
    return found


def _curve(vintage: date, lent: Sum, by_age: Mapping[int, Sum], *, width: Width, on: date) -> Curve:
    youngest = add_months(vintage, width.months - 1)
    is_over = on == months.last_of(on)
    reached = max(months.age(youngest, on) - (0 if is_over else 1), 0)
    running, found = Sum(), []
    for age in range(reached + 1):
        running += by_age.get(age, Sum())
        found.append(running)
    return Curve(vintage, lent, reached, tuple(found))


def longest(found: Iterable[Curve]) -> int:
    """Return the age after which no curve rises any more; a chart need not go on beyond it."""
    last = 0
    for curve in found:
        steps = zip(curve.lost[1:], curve.lost, strict=False)
        rises = [age for age, (now, before) in enumerate(steps, start=1) if now != before]
        last = max(last, *rises[-1:], 0)
    return last
