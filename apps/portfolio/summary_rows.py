"""What the summary of a portfolio asks the database: totals that are kept, and never loans."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.db.models import Sum as Added

from apps.accounts.models import Entity, User
from apps.core.dates import add_months
from apps.portfolio import months
from apps.portfolio.bands import ON_BOOKS, Band
from apps.portfolio.figures import COLUMNS, OUTCOMES, Sums
from apps.portfolio.models import DayBand, DayTotal, SummedDay

# So many ends of months are shown beside the day.
TREND_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Whose portfolio, in which currency, at the end of which day; None is all of it."""

    entity: Entity
    currency: str
    day: date
    branch: uuid.UUID | None = None
    product: uuid.UUID | None = None
    segment: str = ""

    @property
    def narrowed(self) -> dict[str, Any]:
        """The filter of rows of branches and products."""
        given = {
            "branch": self.branch,
            "product": self.product,
            "product__scoring_segment": self.segment or None,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Totals of a day, and of the same day a month and a year before."""

    day: date
    now: Sums
    month_before: Sums | None
    year_before: Sums | None


@dataclass(frozen=True, kw_only=True)
class Summary(Compared):
    """Totals of the day chosen, of the last end of a month by then, and of those before it.

    Outcomes are those of the end of a month: `ended`, or None where none of them is known there.
    """

    ended: Compared | None
    trend: list[tuple[date, Sums]]


def last_day(entity: Entity, upto: date | None) -> date | None:
    """Return the last day that was added up, on a day or before it; None where none was."""
    rows = SummedDay.objects.filter(entity=entity)
    if upto is not None:
        rows = rows.filter(day__lte=upto)
    return rows.order_by("-day").values_list("day", flat=True).first()


def first_day(entity: Entity, day: date) -> date:
    """Return the first day of a day's month that is in its sums; the day itself where none is."""
    first = months.first_of(day)
    rows = SummedDay.objects.filter(entity=entity, day__gte=first, day__lte=day)
    return rows.order_by("day").values_list("day", flat=True).first() or day


def before(day: date, number: int) -> date:
    """Return the day so many months before; the last of a month for the last of a month."""
    found = add_months(day, -number)
    return months.last_of(found) if day == months.last_of(day) else found


def summary(actor: User, chosen: Chosen) -> Summary:
    """Return the totals that a person may see."""
    day, ended = chosen.day, months.last_ended(chosen.day)
    first = months.first_of(day)
    ends = [months.last_of(add_months(first, -one)) for one in range(TREND_MONTHS, 0, -1)]
    asked = {before(one, ago) for one in (day, ended) for ago in (0, 1, 12)}
    found = _totals(actor, chosen, {*asked, *ends})
    has_outcomes = any(getattr(found.get(ended, Sums()), name) for name in OUTCOMES)
    return Summary(
        **_compared(found, day),
        ended=Compared(**_compared(found, ended)) if has_outcomes else None,
        trend=[(one, found[one]) for one in (*ends, day) if one in found],
    )


def _compared(found: dict[date, Sums], day: date) -> dict[str, Any]:
    return {
        "day": day,
        "now": found.get(day, Sums()),
        "month_before": found.get(before(day, 1)),
        "year_before": found.get(before(day, 12)),
    }


def _totals(actor: User, chosen: Chosen, days: set[date]) -> dict[date, Sums]:
    rows: Any = _of(DayTotal, actor, chosen).filter(summed__day__in=days)
    summed = rows.values("summed__day").annotate(**{f"all_{name}": Added(name) for name in COLUMNS})
    return {
        row["summed__day"]: Sums(**{name: row[f"all_{name}"] for name in COLUMNS}) for row in summed
    }


def split(actor: User, chosen: Chosen, key: str, name: str) -> list[tuple[str, str, Sums]]:
    """Return the totals of the day told apart by a column: key, name and sums, by name."""
    rows: Any = _of(DayTotal, actor, chosen).filter(summed__day=chosen.day)
    summed = rows.values(key, name).annotate(**{f"all_{one}": Added(one) for one in COLUMNS})
    return [
        (str(row[key]), row[name], Sums(**{one: row[f"all_{one}"] for one in COLUMNS}))
        for row in summed.order_by(name, key)
    ]


def _of(model: Any, actor: User, chosen: Chosen) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.visible_to(actor).filter(
        summed__entity=chosen.entity, currency=chosen.currency, **chosen.narrowed
    )
    return rows


def ageing(actor: User, chosen: Chosen) -> list[tuple[Band, Sums]]:
    """Return what is on the books in each band of days past due, the best first."""
    names = ("loans", "principal", "npa_principal")
    rows: Any = _of(DayBand, actor, chosen).filter(summed__day=chosen.day)
    found = {
        row["band"]: Sums(**{name: row[f"all_{name}"] for name in names})
        for row in rows.values("band").annotate(**{f"all_{name}": Added(name) for name in names})
    }
    return [(band, found.get(band, Sums())) for band in ON_BOOKS]
