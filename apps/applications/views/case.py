"""The case page: everything about one application, and what can be done with it."""

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.applications import (
    counted_twice,
    forms,
    lifecycle,
    policies,
    presentation,
    selectors,
    services,
)
from apps.applications.models import Application
from apps.applications.views import clock
from apps.audit import services as audit
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.customers import selectors as customers
from apps.customers.models import Household
from apps.products import presentation as products


@requires("applications.view_application")
@require_GET
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show everything about one application on one page."""
    rows = selectors.case(request.user).prefetch_related("collaterals", "guarantors__customer")
    application = get_visible(rows, request.user, pk=pk)
    return render(request, "applications/detail.html", _context(request, application))


@requires(policies.TAKE)
@require_POST
def submit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Submit the application as the page showed it."""
    application = get_visible(Application.objects.all(), request.user, pk=pk)
    try:
        submitted = services.submit(
            actor=request.user,
            application=application,
            now=timezone.now(),
            version=request.POST.get("version", ""),
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        if submitted.status in lifecycle.UNDER_WAY:
            messages.success(request, _("The application is submitted and is being assessed."))
        else:
            sentence = _("This application was submitted before; its outcome stands below.")
            messages.info(request, sentence)
    return redirect("applications:detail", pk=pk)


@requires(policies.TAKE)
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Withdraw the application for a reason."""
    application = get_visible(Application.objects.all(), request.user, pk=pk)
    try:
        services.withdraw(
            actor=request.user,
            application=application,
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The application is withdrawn."))
    return redirect("applications:detail", pk=pk)


def _context(request: HttpRequest, application: Application) -> dict[str, Any]:
    actor = request.user
    today = clock.today_of(application.branch.entity)
    found = selectors.affordability(application, on=today)
    return {
        "application": application,
        "customer": application.customer,
        "crumbs": [
            {"label": _("Applications"), "url": reverse("applications:list")},
            {"label": application.number},
        ],
        "steps": presentation.steps(application),
        # The panel then reloads the page, however soon after it was made the outcome came.
        "is_under_way": application.status in lifecycle.UNDER_WAY,
        "shows_quote": True,
        "affordability": found,
        "judged_by": products.judged_by(application.product, application.amount),
        "ratios": presentation.ratio_lines(found),
        "collaterals": application.collaterals.all(),
        "guarantors": application.guarantors.all(),
        "others": selectors.others_of_borrower(application, actor),
        "exposure": selectors.exposure(application, actor),
        "guaranteed": selectors.guaranteed_for_others(application),
        "sees_customers": actor.has_perm("customers.view_customer"),
        "opens_customer": customers.opens(actor, application.customer_id),
        "audit_subject": audit.reference(application),
        "withdraw_form": forms.WithdrawForm(),
        "may_change": policies.may_change(actor, application),
        "may_submit": policies.may_submit(actor, application),
        "may_withdraw": policies.may_withdraw(actor, application),
        **_applicant(application, today=today),
    }


def _applicant(application: Application, *, today: date) -> dict[str, Any]:
    """Return the applicant's facts: the frozen ones, or those of today while it is a draft."""
    maybe_ours = counted_twice.loans(application, on=today)
    return {**_facts(application, today=today), "maybe_ours": maybe_ours}


def _facts(application: Application, *, today: date) -> dict[str, Any]:
    if application.facts_are_frozen:
        return {
            "employment": application.employment,
            "bureau": application.bureau_report,
            "obligations_monthly": application.obligations_monthly,
            "own_obligations_monthly": application.own_obligations_monthly,
            "home_label": _home(application.home),
            "lacks": [],
        }
    known = selectors.standing(application.customer, on=today, besides=application.apart)
    return {
        "employment": known.employment,
        "bureau": known.bureau_report,
        "obligations_monthly": known.obligations_monthly,
        "own_obligations_monthly": known.own_monthly,
        "declared_none": known.declared_none,
        "home_label": _home(known.home),
        "lacks": selectors.lacks(application, known) if application.is_draft else [],
    }


def _home(value: str) -> str:
    return str(Household.Home(value).label) if value in Household.Home.values else ""
