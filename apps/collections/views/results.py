"""What came of the work of collectors, month by month, and its file."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.collections import policies, results
from apps.collections.forms import ResultsForm
from apps.collections.results import Asked, Result
from apps.core import dates
from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.ledger import selectors as ledger

COLUMNS = (
    *("month", "currency", "collector", "contacts", "talked", "promises", "kept", "broken"),
    "collected",
)


@require_GET
@requires(policies.VIEW)
def page(request: HttpRequest) -> HttpResponse:
    """Show what came of the work of each collector in a month."""
    form, asked = _asked(request)
    context = {
        "form": form,
        "asked": asked,
        "rows": results.of_month(request.user, asked),
        "within": results.WITHIN_DAYS,
        "query": request.GET.urlencode(),
    }
    return render(request, "collections/results.html", context)


@require_GET
@requires(policies.VIEW)
def file(request: HttpRequest) -> HttpResponse:
    """Return the results of a month as CSV."""
    asked = _asked(request)[1]
    lines = csv_lines(_table(asked, results.of_month(request.user, asked)))
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    name = f"collectors-{asked.entity.code}-{asked.first:%Y-%m}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _table(asked: Asked, rows: Sequence[Result]) -> Iterator[Sequence[Any]]:
    yield COLUMNS
    for one in rows:
        yield (
            *(f"{asked.first:%Y-%m}", asked.currency, one.collector.email, one.contacts),
            *(one.talked, one.promises, one.kept, one.broken, one.collected),
        )


def _asked(request: HttpRequest) -> tuple[ResultsForm, Asked]:
    entities, own = list(ledger.entities(request.user)), request.user.branch.entity
    data = request.GET.copy()
    if own in entities:
        data.setdefault("lender", own.code)
    form = ResultsForm(data, entities=entities, branches=list(ledger.branches(request.user)))
    form.is_valid()
    entity = form.of_lender(own)
    day: date = form.given("day") or dates.local_date(timezone.now(), entity.time_zone)
    data.setdefault("day", day.isoformat())
    branch = form.of_branch()
    asked = Asked(
        entity=entity,
        currency=form.given("currency") or entity.currency,
        day=day,
        branch=branch.pk if branch is not None and branch.entity_id == entity.pk else None,
    )
    return form, asked
