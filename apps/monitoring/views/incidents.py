"""Incidents of models, and what people decide on them."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.monitoring import page, policies, selectors, services
from apps.monitoring.forms import CloseForm, IncidentsForm
from apps.monitoring.lifecycle import UNDECIDED
from apps.monitoring.models import Incident


@require_GET
@requires(policies.SEE)
def incidents(request: HttpRequest) -> HttpResponse:
    """List incidents, those raised last first."""
    form = IncidentsForm(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    rows = selectors.incidents()
    if state:
        rows = rows.filter(status__in=UNDECIDED if state == "undecided" else ["closed"])
    found = keyset.page(
        rows,
        by=("-raised_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {"form": form, "page": found, "rows": [page.incident(one) for one in found.rows]}
    return render(request, "monitoring/incidents.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.SEE)
def incident(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one incident; close it with what was decided."""
    found = _incident(pk)
    may_answer = request.user.has_perm(policies.ANSWER)
    form = CloseForm(request.POST or None)
    if request.method == "POST":
        if not may_answer:
            raise NotPermitted("not_permitted", _("Your role does not allow this."))
        if form.is_valid():
            try:
                services.close(
                    actor=request.user, incident=found, now=timezone.now(), **form.cleaned_data
                )
            except DomainError as refusal:
                form.refuse(refusal)
            else:
                messages.success(request, _("The incident is closed with your decision."))
                return redirect("monitoring:incident", pk=found.pk)
    context = {
        "row": page.incident(found),
        "deliveries": found.deliveries.all(),
        "form": form,
        "may_close": may_answer and found.may("close"),
        "may_acknowledge": may_answer and found.may("acknowledge"),
        "crumbs": [
            {"label": _("Incidents"), "url": reverse("monitoring:incidents")},
            {"label": str(found.model)},
        ],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "monitoring/incident.html", context, status=status)


@require_POST
@requires(policies.ANSWER)
def acknowledge(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write down that the person looks at an incident."""
    found = _incident(pk)
    services.acknowledge(actor=request.user, incident=found, now=timezone.now())
    messages.success(request, _("It is written down that you look at it."))
    return redirect("monitoring:incident", pk=found.pk)


def _incident(pk: uuid.UUID) -> Incident:
    found = selectors.incidents().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such incident."))
    return found
