"""Alerts about the portfolio, and the thresholds they come from."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.models import Entity, User
from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.core.visibility import get_visible
from apps.npa import (
    alert_forms,
    alert_page,
    policies,
    portfolio_rows,
    services,
    watch_rows,
    wording,
)
from apps.npa.measures import Measure
from apps.npa.models import Threshold

_BY = ("-raised_at", "-id")


@require_GET
@requires(policies.VIEW)
def alerts(request: HttpRequest) -> HttpResponse:
    """List alerts, those raised last first."""
    form = alert_forms.AlertsForm(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = keyset.page(
        watch_rows.alerts(request.user, state=state).prefetch_related("deliveries"),
        by=_BY,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "form": form,
        "page": page,
        "rows": [alert_page.row(request.user, one) for one in page.rows],
        "may_set": request.user.has_perm(policies.THRESHOLDS),
    }
    return render(request, "npa/alerts.html", context)


@require_GET
@requires(policies.VIEW)
def count(request: HttpRequest) -> HttpResponse:
    """Say how many alerts nobody has acknowledged."""
    return HttpResponse(watch_rows.open_count(request.user) or "")


@require_http_methods(["GET", "POST"])
@requires(policies.ACKNOWLEDGE)
def acknowledge(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Acknowledge an alert with a note."""
    found = get_visible(watch_rows.alerts(request.user), request.user, pk=pk)
    form = alert_forms.AcknowledgeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.acknowledge(
                actor=request.user, alert=found, now=timezone.now(), **form.cleaned_data
            )
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The alert is acknowledged."))
            return redirect("npa:alerts")
    context = {
        "form": form,
        "row": alert_page.row(request.user, found),
        "crumbs": [
            {"label": _("Alerts"), "url": reverse("npa:alerts")},
            {"label": _("Acknowledge")},
        ],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "npa/acknowledge.html", context, status=status)


@require_GET
@requires(policies.VIEW)
def thresholds(request: HttpRequest) -> HttpResponse:
    """Show every measure with its threshold and owner, lender by lender."""
    context: dict[str, Any] = {
        "lenders": [
            (
                one,
                [
                    alert_page.threshold(measure, threshold)
                    for measure, threshold in watch_rows.thresholds(request.user, one)
                ],
            )
            for one in portfolio_rows.entities(request.user)
        ],
        "may_set": request.user.has_perm(policies.THRESHOLDS),
    }
    return render(request, "npa/thresholds.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.THRESHOLDS)
def threshold(request: HttpRequest, lender: str, measure: str) -> HttpResponse:
    """Set the threshold of one measure."""
    entity = Entity.objects.filter(code=lender).first()
    if entity is None or measure not in set(Measure) or not Threshold.reaches(request.user, entity):
        raise NotVisible("not_found", _("There is no such threshold."))
    found = Threshold.objects.filter(entity=entity, measure=measure).first()
    people = User.objects.filter(branch__entity=entity, is_active=True).order_by("name")
    form = alert_forms.ThresholdForm(
        request.POST or None, people=people, initial=alert_page.initial(found)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.set_threshold(
                actor=request.user, entity=entity, asked=form.asked(measure), now=timezone.now()
            )
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The threshold is set; the next night measures by it."))
            return redirect("npa:thresholds")
    name = wording.measure(measure)
    context = {
        "form": form,
        "entity": entity,
        "name": name,
        "definition": wording.DEFINITIONS[measure],
        "crumbs": [
            {"label": _("Thresholds"), "url": reverse("npa:thresholds")},
            {"label": name},
        ],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "npa/threshold.html", context, status=status)
