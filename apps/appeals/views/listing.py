"""The worklist of appeals, its count, and what came of them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.appeals import forms, measures, policies, presentation, selectors
from apps.appeals.selectors import NEWEST, ORDER, Filters
from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.spreadsheets import csv_lines


@requires(policies.VIEW)
@require_GET
def worklist(request: HttpRequest) -> HttpResponse:
    """List appeals: those that wait with the first due at the head, the others newest first."""
    form = forms.FilterForm(request.GET, **selectors.choices(request.user))
    given = form.cleaned_data if form.is_valid() else {}
    filters = Filters(
        show=given.get("show") or "waiting",
        branch=given.get("branch", ""),
        product=given.get("product", ""),
    )
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    rows = selectors.worklist(request.user, filters, today=today)
    by = ORDER if filters.show in ("waiting", "mine", "late") else NEWEST
    page = keyset.page(
        rows, by=by, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    context = {
        "form": form,
        "page": page,
        "rows": [presentation.row(one, today) for one in page.rows],
        "counts": selectors.counts(request.user, today=today),
    }
    return render(request, "appeals/list.html", context)


@requires(policies.VIEW)
@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """Return how many appeals wait, for the navigation."""
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    return HttpResponse(selectors.counts(request.user, today=today)["waiting"] or "")


@requires(policies.VIEW)
@require_GET
def outcomes(request: HttpRequest) -> HttpResponse:
    """Show what came of appeals in groups, or hand it over as a file."""
    form = forms.MeasureForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    found = measures.measured(
        request.user,
        by=given.get("by") or "all",
        since=given.get("since"),
        until=given.get("until"),
        today=today,
    )
    if request.GET.get("format") == "csv":
        lines = csv_lines(measures.table(found))
        response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="appeals.csv"'
        return response
    query = request.GET.copy()
    query["format"] = "csv"
    context = {"form": form, "rows": found, "file": f"?{query.urlencode()}"}
    return render(request, "appeals/outcomes.html", context)
