"""Cohorts: of what was lent in a period, how much was late, lost or repaid early at an age. Pure.

What is late at an age is late at the end of the calendar month in which the loans are so many
months on book; it is a state, and may fall again. What was written off or repaid early by an age
is cumulative. A cohort of several months is the sum of its months, each at its own end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from apps.core.dates import add_months
from apps.portfolio import months
from apps.portfolio.months import Width
from apps.portfolio.vintages import Sum

# The ages that are shown, in months on book.
AGES = (3, 6, 9, 12, 18, 24, 36)


class Measure(StrEnum):
    """What of a cohort is counted."""

    LATE_30 = "late_30"
    LATE_60 = "late_60"
    LATE_90 = "late_90"
    WRITTEN_OFF = "written_off"
    PREPAID = "prepaid"

    @property
    def days(self) -> int | None:
        """From how many days past due on it counts; None where it counts what left."""
        return {Measure.LATE_30: 30, Measure.LATE_60: 60, Measure.LATE_90: 90}.get(self)


@dataclass(frozen=True, slots=True)
class Counted:
    """What of a month of origination is counted at an age."""

    vintage: date
    months_on_book: int
    sum: Sum


@dataclass(frozen=True, slots=True)
class Cohort:
    """What was lent in a period, what of it is outstanding, and what is counted at each age."""

    vintage: date
    lent: Sum
    outstanding: Sum
    # By age; none for an age the youngest loans have not reached or that is not known.
    counted: Mapping[int, Sum]

    def share(self, age: int, by: str) -> Decimal | None:
        """Return the share in what was lent, by `amount` or `number`; None where not known."""
        found = self.counted.get(age)
        of = "loans" if by == "number" else "amount"
        whole = Decimal(getattr(self.lent, of))
        return Decimal(getattr(found, of)) / whole if found is not None and whole else None


def cohorts(
    lent: Mapping[date, Sum],
    outstanding: Mapping[date, Sum],
    counted: Mapping[tuple[date, int], Sum],
    *,
    known: Iterable[date],
    width: Width,
    on: date,
) -> list[Cohort]:
    """Return each cohort as of a day, the earliest first.

    All are by the first day of a month of origination; `counted` by that and the age. `known` are
    the ends of months of which there is anything to count: an age is left out where one is missing.
    """
    spans: dict[date, list[date]] = {}
    for month in sorted(lent):
        if month <= on:
            spans.setdefault(months.begin(month, width), []).append(month)
    ends = set(known)
    return [
        Cohort(
            vintage,
            _added(lent[one] for one in span),
            _added(outstanding.get(one, Sum()) for one in span),
            {
                age: _added(counted.get((one, age), Sum()) for one in span)
                for age in AGES
                if all(end_of(one, age) in ends for one in span)
                and end_of(months.add_to(vintage, width), age) <= on
            },
        )
        for vintage, span in sorted(spans.items())
    ]


def end_of(month: date, age: int) -> date:
    """Return the end of the month in which loans of a month are so many months on book."""
    return months.last_of(add_months(month, age))


def cumulative(rows: Iterable[Counted]) -> dict[tuple[date, int], Sum]:
    """Return what was counted by each shown age, out of what was counted at each age alone."""
    found: dict[tuple[date, int], Sum] = {}
    for row in rows:
        for age in AGES:
            if row.months_on_book <= age:
                place = (row.vintage, age)
                found[place] = found.get(place, Sum()) + row.sum
    return found


def _added(sums: Iterable[Sum]) -> Sum:
    found = Sum()
    for one in sums:
        found += one
    return found
