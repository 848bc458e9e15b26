"""What the pages of roll rates ask the database."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from apps.accounts.models import Entity, User
from apps.core import keyset
from apps.core.keyset import Page
from apps.npa.grading import GONE
from apps.npa.models import LoanDay
from apps.portfolio import bands, rolling, vintages
from apps.portfolio.bands import Band
from apps.portfolio.models import Roll, RolledDay
from apps.portfolio.rolling import Cell, Matrix

_BY = ("loan__id",)
# So many months of one rate are shown beside one another.
TREND_MONTHS = 24


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Whose loans, in which currency, between which two ends of days; None is all of it."""

    entity: Entity
    currency: str
    rolled: RolledDay
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


def known(entity: Entity) -> list[RolledDay]:
    """Return the months of a lender of which it is known how loans rolled, the last first."""
    return list(RolledDay.objects.filter(entity=entity).order_by("-day"))


def matrix(actor: User, chosen: Chosen) -> Matrix:
    """Return from which band to which the loans went that a person may see."""
    return _matrices(actor, chosen, [chosen.rolled])[chosen.rolled.pk]


def trend(actor: User, chosen: Chosen) -> list[tuple[RolledDay, Matrix]]:
    """Return the matrices of the months until the chosen one, the earliest first.

    A month that lacks snapshots is left out: its shares would be of some loans only.
    """
    rows = RolledDay.objects.whole().filter(entity=chosen.entity, day__lte=chosen.rolled.day)
    days = sorted(rows.order_by("-day")[:TREND_MONTHS], key=lambda one: one.day)
    found = _matrices(actor, chosen, days)
    return [(one, found[one.pk]) for one in days]


def _matrices(actor: User, chosen: Chosen, days: list[RolledDay]) -> dict[int, Matrix]:
    rows: Any = (
        Roll.objects.visible_to(actor)
        .filter(rolled__in=days, currency=chosen.currency, **chosen.narrowed)
        .values("rolled_id", "before", "after")
        .annotate(of_loans=Sum("loans"), of_principal=Sum("principal"))
    )
    cells: dict[int, list[Cell]] = {one.pk: [] for one in days}
    for row in rows:
        sum_ = vintages.Sum(row["of_loans"], row["of_principal"])
        cells[row["rolled_id"]].append(Cell(Band(row["before"]), Band(row["after"]), sum_))
    return {key: rolling.matrix(found) for key, found in cells.items()}


def loans(actor: User, chosen: Chosen, *, before: Band, after: Band) -> QuerySet[LoanDay]:
    """Return the loans that went from a band to another, as they stood before."""
    since, day = chosen.rolled.since, chosen.rolled.day
    rows = LoanDay.objects.visible_to(actor).filter(
        day=since, entity=chosen.entity, currency=chosen.currency, **_days(before)
    )
    if chosen.branch:
        rows = rows.filter(branch=chosen.branch)
    if chosen.product:
        rows = rows.filter(loan__product=chosen.product)
    if chosen.segment:
        rows = rows.filter(loan__product__scoring_segment=chosen.segment)
    same = LoanDay.objects.filter(loan=OuterRef("loan"))
    still = same.filter(day=day).exclude(asset_class__in=GONE)
    if after in bands.LATE:
        rows = rows.filter(Exists(still.filter(**_days(after))))
    else:
        left = same.filter(day__gt=since, day__lte=day, asset_class__in=GONE).order_by("-day")
        last = Subquery(left.values("asset_class")[:1])
        rows = rows.exclude(Exists(still)).annotate(left_as=last).filter(left_as=after.value)
    return rows.exclude(asset_class__in=GONE).select_related("loan", "customer", "branch")


def _days(band: Band) -> dict[str, int]:
    """Return the filter of snapshots on the books that are in a band."""
    bounds = bands.LATE[band]
    last = {} if bounds.last is None else {"dpd_ifrs__lte": bounds.last}
    return {"dpd_ifrs__gte": bounds.first, **last}


def worklist(rows: QuerySet[LoanDay], *, after: str, before: str) -> Page[LoanDay]:
    """Return one page of snapshots, in the order of their key."""
    return keyset.page(rows, by=_BY, after=after, before=before)
