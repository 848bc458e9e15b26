"""The list of early signals, and its file."""

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.collections import policies, signal_rows
from apps.collections.forms import SignalsForm
from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.npa.views.chosen import asked


@require_GET
@requires(policies.VIEW)
def listing(request: HttpRequest) -> HttpResponse:
    """List early signals, the newest first."""
    wanted = asked(request, SignalsForm)
    chosen = wanted.chosen
    context: dict[str, Any] = {
        "form": wanted.form,
        "chosen": chosen,
        "query": request.GET.urlencode(),
    }
    if chosen is not None:
        found = signal_rows.listed(request.user, chosen, wanted.form.filters())
        page = signal_rows.page(
            found, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )
        late = signal_rows.late(page.rows, chosen)
        context["page"] = page
        context["rows"] = [
            (one, signal_rows.word(one), signal_rows.seen(one), late.get(one.loan_id))
            for one in page.rows
        ]
    return render(request, "collections/signals.html", context)


@require_GET
@requires(policies.VIEW)
def listing_file(request: HttpRequest) -> HttpResponseBase:
    """Return the listed signals as CSV; the headings alone before a day was ended."""
    wanted = asked(request, SignalsForm)
    chosen = wanted.chosen
    table: Any = [signal_rows.COLUMNS]
    if chosen is not None:
        found = signal_rows.listed(request.user, chosen, wanted.form.filters())
        table = signal_rows.table(found, chosen)
    response = StreamingHttpResponse(csv_lines(table), content_type="text/csv; charset=utf-8")
    of = f"{chosen.entity.code}-{chosen.day}" if chosen else "none"
    response["Content-Disposition"] = f'attachment; filename="signals-{of}.csv"'
    return response
