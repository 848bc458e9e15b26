"""What the pages of portfolios share: the form as filled in, and files."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from apps.accounts.models import Branch, Entity, User
from apps.core.spreadsheets import csv_lines
from apps.ledger import selectors as ledger
from apps.portfolio.forms import SharedForm
from apps.products.models import Product

Filled = TypeVar("Filled", bound=SharedForm)


def filled(request: HttpRequest, kind: type[Filled]) -> Filled:
    """Return a form with what the person may choose, filled in from the address."""
    entities = list(ledger.entities(request.user))
    branches = list(ledger.branches(request.user))
    _know_branch(request.user, entities, branches)
    own = request.user.branch.entity
    data = request.GET.copy()
    if own in entities:
        data.setdefault("lender", own.code)
    form = kind(
        data,
        entities=entities,
        branches=branches,
        products=list(Product.objects.filter(entity__in=entities).order_by("name")),
    )
    form.is_valid()
    return form


def _know_branch(person: User, entities: list[Entity], branches: list[Branch]) -> None:
    """Give the person the branch and lender that were just read, so that nobody asks once more."""
    lenders = {one.pk: one for one in entities}
    for branch in branches:
        if branch.pk == person.branch_id and branch.entity_id in lenders:
            branch.entity = lenders[branch.entity_id]
            person.branch = branch


def table_file(table: Iterable[Sequence[Any]], name: str) -> HttpResponse:
    """Return a table as a CSV file."""
    response = HttpResponse("".join(csv_lines(table)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
