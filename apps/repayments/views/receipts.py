"""Receipts of payments: those of a loan, and the paper of one."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.repayments import policies, receipt_files, receipt_rows, services
from apps.repayments.models import AccountEvent
from apps.repayments.services import holding


@require_GET
@requires(policies.VIEW)
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the payments of a loan with what each was used for and its receipt, for its page."""
    loan = get_visible(Loan.objects.select_related("offer"), request.user, pk=pk)
    is_owing = loan.status in holding.OWING and not loan.is_exited
    context = {
        "loan": loan,
        "rows": receipt_rows.shown(loan),
        "may_print": request.user.has_perm(policies.PRINT),
        "may_post": is_owing and request.user.has_perm(policies.POST),
    }
    return render(request, "repayments/_receipts.html", context)


@require_GET
@requires(policies.VIEW)
def pdf(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand over the receipt of a payment as a file, printed now where there is none yet."""
    event = get_visible(AccountEvent.objects.all(), request.user, pk=pk)
    paper = services.print_receipt(actor=request.user, event=event, now=timezone.now())
    return receipt_files.response(paper)
