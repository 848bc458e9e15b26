"""What can be asked about loans."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core import keyset
from apps.loans.models import Loan

FINISHED = {"repaid": False, "defaulted": True}


@dataclass(frozen=True)
class Filters:
    """What a person asked the list for; empty means all."""

    number: str = ""
    product: str = ""
    outcome: str = ""


def worklist(
    actor: User, filters: Filters, *, after: str = "", before: str = ""
) -> keyset.Page[Loan]:
    """Return one page of the loans a person may see, newest first."""
    rows = Loan.objects.visible_to(actor).select_related("product", "outcome", "customer")
    return keyset.page(
        _filtered(rows, filters), by=("-opened_date", "-id"), after=after, before=before
    )


def of_customer(actor: User, customer_id: Any) -> QuerySet[Loan]:
    """Return the loans of one customer that a person may see, newest first."""
    rows = Loan.objects.visible_to(actor).filter(customer=customer_id)
    return rows.select_related("product", "outcome").order_by("-opened_date", "id")


def _filtered(rows: QuerySet[Loan], filters: Filters) -> QuerySet[Loan]:
    if filters.number:
        rows = rows.filter(number__iexact=filters.number)
    if filters.product:
        rows = rows.filter(product__code=filters.product)
    if filters.outcome == "unknown":
        return rows.filter(outcome=None)
    if filters.outcome:
        rows = rows.filter(outcome__defaulted=FINISHED[filters.outcome])
    return rows
