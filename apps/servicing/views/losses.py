"""Loans that were written off: what came back of them, and taking more."""

import uuid

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import keyset
from apps.core.access import requires
from apps.core.spreadsheets import csv_lines
from apps.repayments.models import LoanAccount
from apps.servicing import forms, losses, policies, selectors, services
from apps.servicing.errors import NotWrittenOff
from apps.servicing.views.shown import Task, one_form, seen, today


@require_GET
@requires(policies.VIEW_LOSSES)
def register(request: HttpRequest) -> HttpResponse:
    """Show the loans that were written off, the latest first, and the rate of recovery."""
    page = keyset.page(
        selectors.losses(request.user),
        by=("-lost_on", "-pk"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "page": page,
        "rows": [losses.of_loan(loan) for loan in page.rows],
        "totals": selectors.loss_totals(request.user),
    }
    return render(request, "servicing/written_off.html", context)


@require_GET
@requires(policies.VIEW_LOSSES)
def register_csv(request: HttpRequest) -> HttpResponseBase:
    """Hand the register over as a table."""
    loans = services.download_losses(actor=request.user)
    lines = csv_lines(losses.table(loans.iterator()))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="written-off.csv"'
    return response


@require_http_methods(["GET", "POST"])
@requires(policies.POST)
def recover(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take money on a loan that was written off."""
    loan = seen(request, pk)
    if loan.status != "written_off":
        raise NotWrittenOff
    day = today(loan)
    most = selectors.recoverable(loan, day)
    task = Task(
        title=_("Take a recovery"),
        label=_("Post the recovery"),
        said=_("The recovery is posted."),
        text=_(
            "The loan stays written off; what comes back of it is income. No more is taken than was"
            " written off."
        ),
    )
    form = forms.MoneyForm(request.POST or None, initial={"day": day})
    return one_form(
        request,
        loan,
        task,
        form=form,
        act=lambda _given: services.recover(
            actor=request.user, loan=loan, money=form.money(), now=timezone.now()
        ),
        loss=LoanAccount.objects.get(pk=loan.pk),
        recoverable=most,
    )
