"""The borrower's own page of a loan: what is owed, what comes next, what paying late costs."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.core import dates
from apps.core.access import PUBLIC, requires
from apps.loans import arrears, borrower, presentation
from apps.loans import services as loans
from apps.portal import services, tokens
from apps.portal.selectors import Visit
from apps.portal.views import guard
from apps.repayments import receipt_files, receipt_rows
from apps.repayments import services as repayments


@require_GET
@requires(PUBLIC)
@guard.by_link(tokens.LETTER)
def show(request: HttpRequest, token: str, visit: Visit) -> HttpResponse:
    """Show the loan that was opened under the application, fit for printing."""
    loan = borrower.loan_of(visit.application)
    context = guard.frame(visit, token)
    if loan is None:
        return render(request, "portal/not_valid.html", context, status=404)
    services.note_opened(visit, page="loan")
    today = dates.local_date(timezone.now(), visit.application.branch.entity.time_zone)
    view = borrower.own_view(loan, today)
    rows = [
        (row, presentation.INSTALMENTS[arrears.state(row, today)]) for row in view.position.rows
    ]
    context |= {
        "view": view,
        "loan": loan,
        "today": today,
        "look": presentation.LOANS[loan.status],
        "rows": rows if view.is_running else [],
        "exit_amount": loans.exit_amount(loan) if view.is_exited else None,
        "late_days": borrower.LATE_DAYS,
        "payments": receipt_rows.shown(loan, live_only=True),
    }
    return render(request, "portal/loan.html", context)


@require_GET
@requires(PUBLIC)
@guard.by_link(tokens.LETTER)
def receipt(request: HttpRequest, token: str, visit: Visit, pk: uuid.UUID) -> HttpResponse:
    """Hand over the receipt of a payment of one's own loan as a file."""
    loan = borrower.loan_of(visit.application)
    event = None if loan is None else receipt_rows.payments(loan).filter(pk=pk).first()
    if event is None:
        return render(request, "portal/not_valid.html", guard.frame(visit, token), status=404)
    paper = repayments.print_receipt(actor=None, event=event, now=timezone.now())
    return receipt_files.response(paper)
