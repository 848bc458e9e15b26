"""What the pages of expected credit loss ask the database."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core import keyset
from apps.core.keyset import Page
from apps.impairment import movement
from apps.impairment.models import LoanLoss, LossSum, Run
from apps.impairment.movement import Line, Moved
from apps.impairment.statements import moved
from apps.products.models import Product

# So many ends of months are followed: a year, and the one before it.
MONTHS = 13
SUMS = ("drawn", "ead", "loss_12", "loss_lifetime", "loss")
_SCENARIOS = ("loss_base", "loss_upside", "loss_downside")
_GROUPS = {
    "stage": ("stage",),
    "product": ("product__name", "product_id"),
    "branch": ("branch__name", "branch_id"),
    "reason": ("stage", "reason"),
    "security": ("security",),
}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Whose loans, in which currency, of which measurement; None is all of it."""

    entity: Entity
    currency: str
    run: Run
    branch: uuid.UUID | None = None
    product: uuid.UUID | None = None
    segment: str = ""

    @property
    def narrowed(self) -> dict[str, Any]:
        """The filter of branch, product and segment."""
        given = {
            "branch": self.branch,
            "product": self.product,
            "product__scoring_segment": self.segment or None,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Sums:
    """Loans, what is owed, and their losses."""

    loans: int
    drawn: Decimal
    ead: Decimal
    loss_12: Decimal
    loss_lifetime: Decimal
    loss: Decimal

    @property
    def coverage(self) -> Decimal | None:
        """The loss as a share of the exposure; None where there is none."""
        return self.loss / self.ead if self.ead else None


def known(entity: Entity) -> list[Run]:
    """Return the finished measurements of a lender, the last first."""
    return list(Run.objects.filter(entity=entity, status="finished").order_by("-day"))


def grouped(actor: User, chosen: Chosen, by: str) -> list[tuple[dict[str, Any], Sums]]:
    """Return the sums of each group: what makes it, and what it comes to."""
    names = _GROUPS[by]
    rows = (
        _within(actor, chosen)
        .values(*names)
        .annotate(of_loans=Sum("loans"), **{f"of_{name}": Sum(name) for name in SUMS})
        .order_by(*names)
    )
    return [
        (
            {name: row[name] for name in names},
            Sums(row["of_loans"], *(row[f"of_{name}"] for name in SUMS)),
        )
        for row in rows
    ]


def whole(groups: Iterable[tuple[Any, Sums]]) -> Sums:
    """Return the sum of all groups."""
    rows = [sums for _key, sums in groups]
    zero = Decimal(0)
    return Sums(
        sum(row.loans for row in rows),
        *(sum((getattr(row, name) for row in rows), zero) for name in SUMS),
    )


def scenarios(actor: User, chosen: Chosen) -> dict[str, Decimal]:
    """Return the loss that counts under each scenario."""
    found = _within(actor, chosen).aggregate(**{name: Sum(name) for name in _SCENARIOS})
    return {name.removeprefix("loss_"): found[name] or Decimal(0) for name in _SCENARIOS}


def moves(actor: User, chosen: Chosen, opening: Run) -> list[Line]:
    """Return how the loss moved from an earlier measurement to the chosen one."""
    values: dict[str, Any] = {
        "opening": opening.pk,
        "closing": chosen.run.pk,
        "since": opening.day,
        "day": chosen.run.day,
        **of_statement(actor, chosen),
    }
    with connection.cursor() as cursor:
        cursor.execute(moved.SUMS, values)
        sums: tuple[dict[int, Decimal], dict[int, Decimal]] = ({}, {})
        for is_closing, stage, loss in cursor.fetchall():
            sums[is_closing][stage] = loss
        cursor.execute(moved.MOVED, values)
        found = [Moved(*row) for row in cursor.fetchall()]
    return movement.lines(found, opening=sums[0], closing=sums[1])


def of_statement(actor: User, chosen: Chosen) -> dict[str, Any]:
    """Return the choice as values of a statement: branches in reach, products (None: all)."""
    branches = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"))
    keys = branches.filter(entity=chosen.entity).values_list("pk", flat=True)
    return {
        "branches": [str(key) for key in keys if chosen.branch in {None, key}],
        "products": _products(chosen),
        "currency": chosen.currency,
    }


def _products(chosen: Chosen) -> list[str] | None:
    if chosen.product is None and not chosen.segment:
        return None
    given = {"pk": chosen.product, "scoring_segment": chosen.segment or None}
    found = Product.objects.filter(
        entity=chosen.entity, **{name: value for name, value in given.items() if value is not None}
    )
    return [str(key) for key in found.values_list("pk", flat=True)]


def losses(actor: User, chosen: Chosen, **narrowed: Any) -> QuerySet[LoanLoss]:
    """Return the loans behind a figure that a person may see."""
    rows = LoanLoss.objects.visible_to(actor).filter(
        run=chosen.run, currency=chosen.currency, **chosen.narrowed, **narrowed
    )
    return rows.select_related("loan", "customer", "branch")


def worklist(rows: QuerySet[LoanLoss], *, after: str, before: str) -> Page[LoanLoss]:
    """Return one page of loans, the greatest loss first."""
    return keyset.page(rows, by=("-loss", "-id"), after=after, before=before)


def trend(actor: User, chosen: Chosen) -> list[tuple[date, dict[int, Sums]]]:
    """Return the sums of each stage at the last ends of months up to the chosen, that last."""
    days = Run.objects.filter(entity=chosen.entity, status="finished", day__lte=chosen.run.day)
    runs = dict(days.order_by("-day").values_list("pk", "day")[:MONTHS])
    rows: Any = (
        LossSum.objects.filter(accounts.in_reach(actor))
        .filter(run__in=runs, currency=chosen.currency, **chosen.narrowed)
        .values("run_id", "stage")
        .annotate(of_loans=Sum("loans"), **{f"of_{name}": Sum(name) for name in SUMS})
    )
    found: dict[date, dict[int, Sums]] = {day: {} for day in sorted(runs.values())}
    for row in rows.order_by("stage"):
        sums = Sums(row["of_loans"], *(row[f"of_{name}"] for name in SUMS))
        found[runs[row["run_id"]]][row["stage"]] = sums
    return list(found.items())


def _within(actor: User, chosen: Chosen) -> QuerySet[LossSum]:
    """Return the kept sums of the choice, of the person's branches."""
    rows = LossSum.objects.filter(accounts.in_reach(actor))
    return rows.filter(run=chosen.run, currency=chosen.currency, **chosen.narrowed)
