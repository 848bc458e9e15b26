"""What the pages of vintages ask the database."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet, Sum

from apps.accounts.models import Entity, User
from apps.core import keyset
from apps.core.keyset import Page
from apps.loans.models import Loan
from apps.portfolio import months, vintages
from apps.portfolio.models import VintageLent, VintageLost, VintagesMade
from apps.portfolio.months import Width
from apps.portfolio.vintages import Curve, Lost

_BY = ("-disbursed_date", "id")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Whose loans, in which currency, as known at the end of which day; None is all of it."""

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


def made_at(entity: Entity) -> datetime | None:
    """Return when the vintages of a lender were added up; None where they never were."""
    row = VintagesMade.objects.filter(entity=entity).first()
    return row.made_at if row else None


def curves(actor: User, chosen: Chosen, *, width: Width) -> list[Curve]:
    """Return the curves of what a person may see, the earliest vintage first."""
    lent = {
        row["vintage"]: vintages.Sum(row["of_loans"], row["of_principal"])
        for row in _summed(VintageLent, actor, chosen, "vintage")
    }
    lost = [
        Lost(
            row["vintage"],
            row["months_on_book"],
            vintages.Sum(row["of_loans"], row["of_principal"]),
        )
        for row in _summed(VintageLost, actor, chosen, "vintage", "months_on_book")
    ]
    return vintages.curves(lent, lost, width=width, on=chosen.day)


def _summed(model: Any, actor: User, chosen: Chosen, *by: str) -> QuerySet[Any, Any]:
    rows = model.objects.visible_to(actor).filter(
        entity=chosen.entity, currency=chosen.currency, **chosen.narrowed
    )
    summed: QuerySet[Any, Any] = rows.values(*by).annotate(
        of_loans=Sum("loans"), of_principal=Sum("principal")
    )
    return summed


def loans(
    actor: User, chosen: Chosen, *, vintage: date, width: Width, lost_only: bool
) -> QuerySet[Loan]:
    """Return the loans of a vintage, or those of them that were lost."""
    last = months.last_of(months.add_to(vintage, width))
    rows = Loan.objects.visible_to(actor).filter(
        branch__entity=chosen.entity,
        currency=chosen.currency,
        disbursed_date__gte=vintage,
        disbursed_date__lte=last,
        **chosen.narrowed,
    )
    if lost_only:
        rows = rows.filter(status="written_off") | rows.filter(outcome__defaulted=True)
    return rows.select_related("customer", "product", "branch", "outcome")


def worklist(rows: QuerySet[Loan], *, after: str, before: str) -> Page[Loan]:
    """Return one page of loans, the last paid out first."""
    return keyset.page(rows, by=_BY, after=after, before=before)
