"""How people review: figures, their tables as CSV, protected groups, limits of stamping."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import dates
from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.core.spreadsheets import csv_lines
from apps.desk import (
    analytics_groups,
    analytics_page,
    analytics_rows,
    blind_forms,
    policies,
    services,
)
from apps.desk.analytics_rows import Period
from apps.desk.views import one_form


@requires(policies.VIEW_QUEUE)
@require_GET
def analytics(request: HttpRequest) -> HttpResponse:
    """Show everybody's figures to who may see them, and a reviewer their own."""
    form, period = _asked(request)
    found = analytics_page.build(request.user, period)
    context = {
        **found,
        "form": form,
        "period": period,
        "query": request.GET.urlencode(),
        "sees_all": analytics_rows.sees_everybody(request.user),
        "may_set": request.user.has_perm(policies.SET_SAMPLING),
        "figure": analytics_page.chart(found["analytics"].by["day"]),
        "tables": [
            (way, words, found["lines"][way])
            for way, words in analytics_page.WAYS.items()
            if found["lines"][way]
        ],
        "definitions": analytics_page.DEFINITIONS,
    }
    return render(request, "desk/analytics.html", context)


@requires(policies.VIEW_QUEUE)
@require_GET
def table(request: HttpRequest, way: str) -> HttpResponse:
    """Return one table as CSV: counts and seconds, so that it can be added up."""
    if way not in analytics_page.WAYS:
        raise NotVisible("not_found", _("There is no such table."))
    _form, period = _asked(request)
    found = analytics_page.build(request.user, period)
    lines = csv_lines(analytics_page.csv_rows(found["lines"][way], way))
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="reviewers-by-{way}.csv"'
    return response


@requires(policies.VIEW_ANALYTICS)
@require_GET
def groups(request: HttpRequest) -> HttpResponse:
    """Show approval by people, by protected group."""
    form, period = _asked(request)
    found = analytics_groups.gather(request.user, period)
    context = {
        "form": form,
        "period": period,
        "query": request.GET.urlencode(),
        "found": found,
        "most": analytics_groups.MOST,
        "tables": analytics_page.groups(found),
    }
    return render(request, "desk/analytics_groups.html", context)


@requires(policies.SET_SAMPLING)
@require_http_methods(["GET", "POST"])
def set_limit(request: HttpRequest) -> HttpResponse:
    """Set from when on somebody is asked about rubber-stamping."""
    form = blind_forms.StampForm(request.POST or None, actor=request.user)
    return one_form.page(
        request,
        form,
        lambda: services.set_stamp_limit(
            actor=request.user, entry=form.entry(), now=timezone.now()
        ),
        words=one_form.Words(
            title=_("Set the limits of rubber-stamping"),
            done=_("The limits are in force."),
            place=_("Reviewer analytics"),
        ),
        back="desk:analytics",
    )


def _asked(request: HttpRequest) -> tuple[Any, Period]:
    """Return the filter, and the period it asks for in the person's own calendar."""
    zone = request.user.branch.entity.time_zone
    form = blind_forms.PeriodForm(request.GET, actor=request.user)
    return form, form.period(today=dates.local_date(timezone.now(), zone), zone=zone)
