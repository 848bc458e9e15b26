"""Parts of the application's and the customer's page, and who else answers for a loan."""

import uuid
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.applications import policies as application_policies
from apps.applications.models import Application, Guarantor
from apps.collateral import forms, policies, presentation, selectors, services, worths
from apps.collateral.liability import Role
from apps.collateral.models import CoBorrower
from apps.collateral.views import _pages
from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.customers.models import Customer

MOST_LINES = 50
MOST_ITEMS = 20
form_methods = require_http_methods(["GET", "POST"])


@require_GET
@requires(policies.VIEW)
def application_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what secures an application and what lacks before money is paid out."""
    application = _pages.application(request, pk)
    if not getattr(request, "htmx", False):
        return redirect("applications:detail", pk=pk)
    found = selectors.standing(application, _pages.today(application))
    sees = request.user.has_perm("customers.view_customer")
    may_keep = request.user.has_perm(policies.KEEP)
    context = {
        "application": application,
        "standing": found,
        "covers": [
            (cover, presentation.row(cover.worth, sees_customers=sees)) for cover in found.covers
        ],
        "declared": selectors.not_taken_up(application),
        "may_take_up": may_keep and application.status in policies.CHARGEABLE,
    }
    return render(request, "collateral/_application.html", context)


@require_GET
@requires("applications.view_application")
def answering_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show who owes an application's loan with the borrower, and for how much guarantors answer."""
    application = _pages.application(request, pk)
    if not getattr(request, "htmx", False):
        return redirect("applications:detail", pk=pk)
    guarantors = application.guarantors.select_related("customer", "liability")
    context = {
        "application": application,
        "co_borrowers": [
            (one, presentation.liable_for(Role.CO_BORROWER, one.share))
            for one in selectors.co_borrowers(application)
        ],
        "guarantors": [
            (one, presentation.liable_for(Role.GUARANTOR, _share(one)))
            for one in guarantors.order_by("created_at")
        ],
        "sees_customers": request.user.has_perm("customers.view_customer"),
        "may_change": application_policies.may_change(request.user, application),
    }
    return render(request, "collateral/_answering.html", context)


@require_GET
@requires("applications.view_application")
def customer_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show everything a customer owes, owes with others, and answers for, and what they own."""
    rows = Customer.objects.select_related("entity", "branch__entity")
    customer = get_visible(rows, request.user, pk=pk)
    if not getattr(request, "htmx", False):
        return redirect("customers:detail", pk=pk)
    owned = []
    if request.user.has_perm(policies.VIEW):
        owned = selectors.owned(customer, request.user, most=MOST_ITEMS)
    found = worths.on_day(owned, _pages.today(customer))
    context = {
        "customer": customer,
        **presentation.exposure(selectors.exposure(customer, request.user), most=MOST_LINES),
        "items": [presentation.row(found[one.pk], sees_customers=True) for one in owned],
    }
    return render(request, "collateral/_customer.html", context)


@form_methods
@requires(application_policies.TAKE)
def add_co_borrower(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record a customer who owes the loan together with the borrower."""
    application = _pages.application(request, pk)
    form = forms.CoBorrowerForm(request.POST or None, initial={"version": application.version})

    def act() -> CoBorrower:
        customer = _pages.customer(request, form.cleaned_data["customer"], field="customer")
        if customer is None:
            raise NotVisible("not_found", _("There is no such customer."))
        return services.add_co_borrower(
            actor=request.user,
            application=application,
            customer=customer,
            entry=form.entry(),
            version=form.cleaned_data["version"],
            now=timezone.now(),
        )

    title = _("Add a co-borrower")
    return _pages.form_page(
        request,
        form,
        act,
        title=title,
        done=_("Recorded."),
        back=reverse("applications:detail", args=[pk]),
        path=_path(application, title),
    )


@require_POST
@requires(application_policies.TAKE)
def remove_co_borrower(
    request: HttpRequest, pk: uuid.UUID, co_borrower_pk: uuid.UUID
) -> HttpResponse:
    """Take a co-borrower off a draft."""
    application = _pages.application(request, pk)
    return _pages.acted(
        request,
        reverse("applications:detail", args=[pk]),
        lambda: services.remove_co_borrower(
            actor=request.user, application=application, co_borrower_id=co_borrower_pk
        ),
        _("Removed."),
    )


@form_methods
@requires(application_policies.TAKE)
def set_liability(request: HttpRequest, pk: uuid.UUID, guarantor_pk: uuid.UUID) -> HttpResponse:
    """Say for how much a guarantor of a draft answers."""
    application = _pages.application(request, pk)
    form = forms.LiabilityForm(request.POST or None, initial={"version": application.version})
    title = _("For how much the guarantor answers")
    return _pages.form_page(
        request,
        form,
        lambda: services.set_liability(
            actor=request.user,
            application=application,
            guarantor_id=guarantor_pk,
            entry=form.entry(),
            version=form.cleaned_data["version"],
        ),
        title=title,
        done=_("Recorded."),
        back=reverse("applications:detail", args=[pk]),
        path=_path(application, title),
    )


def _share(guarantor: Guarantor) -> Decimal | None:
    return getattr(getattr(guarantor, "liability", None), "share", None)


def _path(application: Application, title: str) -> _pages.Crumbs:
    return [
        {"label": str(_("Applications")), "url": reverse("applications:list")},
        {"label": application.number, "url": reverse("applications:detail", args=[application.pk])},
        {"label": title, "url": ""},
    ]
