"""Lists of loans."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.applications.models import Application
from apps.core import dates
from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.loans import policies, presentation, selectors, standings
from apps.loans.forms import FilterForm
from apps.loans.models import Loan
from apps.offers import obstacles
from apps.offers import selectors as offers


@require_GET
@requires(policies.VIEW)
def loans(request: HttpRequest) -> HttpResponse:
    """List the loans a person may see."""
    form = FilterForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    is_overdue = given.pop("arrears", "") == "overdue"
    filters = selectors.Filters(**given, overdue_on=today if is_overdue else None)
    page = selectors.worklist(
        request.user,
        filters,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    standing = standings.standings(page.rows, today)
    exited = standings.exited(page.rows)
    rows = [
        (loan, presentation.look(loan, is_exited=loan.pk in exited), standing.get(loan.pk))
        for loan in page.rows
    ]
    context = {"form": form, "page": page, "rows": rows, "today": today}
    return render(request, "loans/list.html", context)


@require_GET
@requires(policies.VIEW)
def application_panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the loans of an application's customer, and open its own; a part of the case page."""
    application = get_visible(Application.objects.all(), request.user, pk=pk)
    if not getattr(request, "htmx", False) and "HX-Request" not in request.headers:
        return redirect("applications:detail", pk=pk)
    rows = selectors.of_customer(request.user, application.customer_id)
    context = {"loans": [(loan, presentation.LOANS[loan.status]) for loan in rows]}
    return render(request, "loans/_application_panel.html", context)


@require_GET
@requires(policies.VIEW)
def next_step(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what comes next once an offer was accepted: open the loan, or go on with it."""
    rows = Application.objects.select_related("product", "customer", "branch__entity")
    application = get_visible(rows, request.user, pk=pk)
    if not getattr(request, "htmx", False) and "HX-Request" not in request.headers:
        return redirect("applications:detail", pk=pk)
    loan = Loan.objects.visible_to(request.user).filter(application=application).first()
    offer = None if loan is not None else offers.accepted(application)
    context: dict[str, Any] = {
        "application": application,
        "offer": offer,
        "loan": loan if loan is not None and not loan.source else None,
        "look": None if loan is None else presentation.LOANS[loan.status],
        "may_open": offer is not None and request.user.has_perm(policies.OPEN),
    }
    if offer is not None:
        lacking = obstacles.papers_of(request.user, application, now=timezone.now())
        context |= {"papers_lacking": lacking}
    return render(request, "loans/_next_step.html", context)
