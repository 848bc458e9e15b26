"""The worklist of overdue loans, and its file."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.collections import policies, worklist, worklist_page
from apps.collections.forms import WorklistForm
from apps.core import dates
from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.npa.portfolio_rows import Chosen
from apps.npa.views.chosen import asked


@require_GET
@requires(policies.VIEW)
def listing(request: HttpRequest) -> HttpResponse:
    """List the overdue loans, those first that are most worth acting on."""
    wanted = asked(request, WorklistForm)
    if wanted.chosen is None:
        return render(request, "collections/worklist.html", {"form": wanted.form, "chosen": None})
    chosen = wanted.chosen
    known = worklist.chances(chosen.entity, chosen.currency, chosen.day)
    found = worklist.loans(
        request.user, chosen, wanted.form.filters(), known=known, today=_today(chosen)
    )
    page = worklist.page(
        found, known, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    context: dict[str, Any] = {
        "form": wanted.form,
        "chosen": chosen,
        "page": page,
        "rows": worklist_page.rows(page.rows),
        "sums": worklist.sums(found),
        "chances": worklist_page.chances(known),
        "query": request.GET.urlencode(),
        "may_work": request.user.has_perm(policies.WORK),
    }
    return render(request, "collections/worklist.html", context)


@require_GET
@requires(policies.VIEW)
def listing_file(request: HttpRequest) -> HttpResponseBase:
    """Return the listed loans as CSV, line by line; the headings alone before a day was ended."""
    wanted = asked(request, WorklistForm)
    chosen = wanted.chosen
    table: Any = [worklist_page.COLUMNS]
    if chosen is not None:
        known = worklist.chances(chosen.entity, chosen.currency, chosen.day)
        filters = wanted.form.filters()
        found = worklist.loans(request.user, chosen, filters, known=known, today=_today(chosen))
        table = worklist_page.table(found, known)
    response = StreamingHttpResponse(csv_lines(table), content_type="text/csv; charset=utf-8")
    of = f"{chosen.entity.code}-{chosen.day}" if chosen else "none"
    response["Content-Disposition"] = f'attachment; filename="collections-{of}.csv"'
    return response


def _today(chosen: Chosen) -> date:
    return dates.local_date(timezone.now(), chosen.entity.time_zone)
