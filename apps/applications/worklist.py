"""The worklist: what a person may see, filtered, sorted and paged."""

import uuid
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.core import keyset
from apps.products.models import Product

PAGE_ROWS = 25
DEFAULT_SORT = "-received"
# What the address calls it -> the column.
SORTS = {"received": "created_at", "changed": "updated_at", "amount": "amount"}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the person wants to see; empty means everything."""

    text: str = ""
    status: str = ""
    branch: uuid.UUID | None = None
    product: uuid.UUID | None = None
    customer: uuid.UUID | None = None
    own: bool = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which page of the list: sorted how, after or before which row."""

    sort: str = DEFAULT_SORT
    after: str = ""
    before: str = ""
    size: int = PAGE_ROWS


def page(actor: User, filters: Filters, place: Place) -> keyset.Page[Application]:
    """Return one page of the applications a person may see.

    An unknown sort is the default one. The number of queries does not depend on the rows.
    Raises DomainError for a position that is none.
    """
    key = place.sort if place.sort.lstrip("-") in SORTS else DEFAULT_SORT
    order = ("-" if key.startswith("-") else "") + SORTS[key.lstrip("-")]
    rows = _filtered(actor, filters).select_related("branch", "customer", "product", "taken_by")
    return keyset.page(
        rows, by=(order, "id"), size=place.size, after=place.after, before=place.before
    )


def branches(actor: User) -> QuerySet[Branch]:
    """Return the branches whose applications a person may see, by lender and name."""
    reach = accounts.in_reach(actor, branch_field="pk")
    return Branch.objects.filter(reach).select_related("entity").order_by("entity__name", "name")


def products(actor: User) -> QuerySet[Product]:
    """Return the products a person may filter by."""
    return Product.objects.visible_to(actor).order_by("name")


def _filtered(actor: User, filters: Filters) -> QuerySet[Application]:
    rows = Application.objects.visible_to(actor)
    exact = {
        "status": filters.status,
        "branch": filters.branch,
        "product": filters.product,
        "customer": filters.customer,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if filters.own:
        rows = rows.filter(Q(taken_by=actor) | Q(submitted_by=actor))
    if filters.text:
        # Names are encrypted; numbers are what can be searched.
        rows = rows.filter(
            Q(number__iexact=filters.text) | Q(customer__number__iexact=filters.text)
        )
    return rows
