"""The worklist of offers, and its count."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.core import dates, keyset
from apps.core.access import requires
from apps.offers import forms, policies, presentation, selectors
from apps.offers.selectors import NEWEST, ORDER, Filters


@requires(policies.VIEW)
@require_GET
def worklist(request: HttpRequest) -> HttpResponse:
    """List offers: those that wait with the first to expire at the head, others newest first."""
    form = forms.FilterForm(request.GET, **selectors.choices(request.user))
    given = form.cleaned_data if form.is_valid() else {}
    filters = Filters(
        show=given.get("show") or "open",
        branch=given.get("branch", ""),
        product=given.get("product", ""),
    )
    today = _today(request)
    page = keyset.page(
        selectors.worklist(request.user, filters, today=today),
        by=ORDER if filters.show in ("open", "soon") else NEWEST,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "form": form,
        "page": page,
        "rows": [presentation.row(one, today) for one in page.rows],
        "counts": selectors.counts(request.user, today=today),
    }
    return render(request, "offers/list.html", context)


@requires(policies.VIEW)
@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """Return how many offers wait for an answer, for the navigation."""
    return HttpResponse(selectors.counts(request.user, today=_today(request))["open"] or "")


def _today(request: HttpRequest) -> date:
    return dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
