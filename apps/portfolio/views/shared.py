"""What the pages of portfolios share: the form as filled in, and files."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from apps.core.spreadsheets import csv_lines
from apps.ledger import selectors as ledger
from apps.portfolio.forms import SharedForm
from apps.products.models import Product

Filled = TypeVar("Filled", bound=SharedForm)


def filled(request: HttpRequest, kind: type[Filled]) -> Filled:
    """Return a form with what the person may choose, filled in from the address."""
    entities = list(ledger.entities(request.user))
    own = request.user.branch.entity
    data = request.GET.copy()
    if own in entities:
        data.setdefault("lender", own.code)
    form = kind(
        data,
        entities=entities,
        branches=list(ledger.branches(request.user)),
        products=list(Product.objects.filter(entity__in=entities).order_by("name")),
    )
    form.is_valid()
    return form


def table_file(table: Iterable[Sequence[Any]], name: str) -> HttpResponse:
    """Return a table as a CSV file."""
    response = HttpResponse("".join(csv_lines(table)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
