"""A quote: a schedule with its cost and its yearly sub-totals. Nothing of it is stored. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from apps.schedules import building, cost
from apps.schedules.cost import Cost
from apps.schedules.terms import ZERO, Row, Schedule, Terms


@dataclass(frozen=True, slots=True)
class Year:
    """What falls due in one calendar year, and what is owed after its last instalment."""

    year: int
    instalments: int
    principal: Decimal
    interest: Decimal
    fee: Decimal
    instalment: Decimal
    capitalised: Decimal
    closing: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """One offer as it is shown, printed and answered."""

    schedule: Schedule
    cost: Cost
    years: tuple[Year, ...]


def quote(terms: Terms) -> Quote:
    """Return the schedule of terms with its cost. Raises TermsRefused."""
    schedule = building.build(terms)
    return Quote(schedule=schedule, cost=cost.of(schedule), years=by_year(schedule.rows))


def by_year(rows: Iterable[Row]) -> tuple[Year, ...]:
    """Return the sums of the rows by calendar year of their due dates."""
    years = groupby(rows, key=lambda row: row.due_on.year)
    return tuple(_year(year, tuple(members)) for year, members in years)


def _year(year: int, rows: tuple[Row, ...]) -> Year:
    return Year(
        year=year,
        instalments=len(rows),
        principal=sum((row.principal for row in rows), ZERO),
        interest=sum((row.interest for row in rows), ZERO),
        fee=sum((row.fee for row in rows), ZERO),
        instalment=sum((row.instalment for row in rows), ZERO),
        capitalised=sum((row.capitalised for row in rows), ZERO),
        closing=rows[-1].closing,
    )
