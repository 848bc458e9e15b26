"""Why a loan has its class: the page for any day, and the panel on the loan's page."""

import uuid
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.core import dates
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.form_fields import DayField
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.npa import explaining, finding_rows, policies, why_page


class DayForm(forms.Form):
    """At the end of which day."""

    day = DayField(label=gettext_lazy("At the end of"), required=False)


@require_GET
@requires(policies.VIEW)
def why(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show why a loan has its class at the end of a day, worked out anew."""
    loan = _seen(request, pk)
    given = request.GET.copy()
    if not given.get("day"):
        given["day"] = _day(loan).isoformat()
    form = DayForm(given)
    context: dict[str, Any] = {"form": form, "loan": loan, "crumbs": _crumbs(loan)}
    context["has_findings"] = finding_rows.has_any(request.user, loan)
    if form.is_valid():
        context |= _explained(request, loan, form.cleaned_data["day"])
    return render(request, "npa/why.html", context)


@require_GET
@requires(policies.VIEW)
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show class, provision and the way to their reasons; a part of the loan's page."""
    loan = _seen(request, pk)
    if not getattr(request, "htmx", False):
        return redirect("loans:detail", pk=pk)
    shown = _explained(request, loan, _day(loan))
    shown["has_findings"] = finding_rows.has_any(request.user, loan)
    return render(request, "npa/_why_panel.html", {"loan": loan, **shown})


def _day(loan: Loan, asked: date | None = None) -> date:
    today = dates.local_date(timezone.now(), loan.branch.entity.time_zone)
    return explaining.asked_day(loan, asked, today=today)


def _explained(request: HttpRequest, loan: Loan, day: date) -> dict[str, Any]:
    try:
        found = explaining.explain(loan, _day(loan, day))
    except DomainError as error:
        return {"day": day, "refusal": str(error)}
    return {"day": day, **why_page.context(found, request.user)}


def _seen(request: HttpRequest, pk: uuid.UUID) -> Loan:
    rows = Loan.objects.select_related("branch__entity", "customer", "product")
    return get_visible(rows, request.user, pk=pk)


def _crumbs(loan: Loan) -> list[dict[str, str]]:
    return [
        {"label": _("Loans"), "url": reverse("loans:list")},
        {"label": loan.number, "url": reverse("loans:detail", args=[loan.pk])},
        {"label": _("Why this class")},
    ]
