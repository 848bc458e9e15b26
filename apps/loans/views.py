"""The pages of the loan book."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.loans import selectors
from apps.loans.forms import FilterForm
from apps.loans.models import Loan


@requires("loans.view_loan")
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans a person may see."""
    form = FilterForm(request.GET)
    filters = selectors.Filters(**form.cleaned_data) if form.is_valid() else selectors.Filters()
    page = selectors.worklist(
        request.user,
        filters,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "loans/list.html", {"form": form, "page": page})


@requires("loans.view_loan")
def loan(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one loan, where it came from and what became of it."""
    rows = Loan.objects.select_related("product", "customer", "application", "branch", "outcome")
    record = get_visible(rows, request.user, pk=pk)
    crumbs = [{"label": _("Loans"), "url": reverse("loans:list")}, {"label": record.number}]
    return render(request, "loans/detail.html", {"loan": record, "crumbs": crumbs})


@requires("loans.view_loan")
def application_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the loans of an application's customer, as a part of the case page."""
    application = get_visible(Application.objects.all(), request.user, pk=pk)
    rows = selectors.of_customer(request.user, application.customer_id)
    return render(
        request, "loans/_application_panel.html", {"loans": rows, "application": application}
    )
