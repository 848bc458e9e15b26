"""Promises to pay: the officer's list, taking one, withdrawing one."""

import uuid
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import dates
from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.loans import policies as lending
from apps.loans import selectors as loans
from apps.loans.models import Loan
from apps.repayments import contact_looks, contact_rows, policies, services
from apps.repayments.contact_forms import PromiseForm, WithdrawForm
from apps.repayments.models import Promise
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words


@require_GET
@requires(lending.VIEW)
def promises(request: HttpRequest) -> HttpResponse:
    """List promises: those due first, the broken ones, all that are open, those kept."""
    view = request.GET.get("view", "due")
    view = view if view in contact_rows.VIEWS else "due"
    today = _today(request)
    page = contact_rows.page(
        request.user,
        view,
        today=today,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = contact_rows.counts(request.user, today=today)
    context = {
        "view": view,
        "tabs": [
            {
                "label": label,
                "url": f"?view={one}",
                "current": one == view,
                "count": counts.get(one),
            }
            for one, label in contact_looks.VIEWS.items()
        ],
        "page": page,
        "rows": [(one, contact_looks.PROMISES[one.status]) for one in page.rows],
        "today": today,
    }
    return render(request, "repayments/promises.html", context)


@require_GET
@requires(lending.VIEW)
def count(request: HttpRequest) -> HttpResponse:
    """Return how many promises are due, for the navigation."""
    due = contact_rows.promises(request.user, "due", today=_today(request)).count()
    return HttpResponse(due or "")


@require_http_methods(["GET", "POST"])
@requires(policies.TAKE_PROMISE)
def take(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a promise to pay on a loan."""
    loan = get_visible(Loan.objects.select_related("branch__entity"), request.user, pk=pk)
    today = dates.local_date(timezone.now(), loan.branch.entity.time_zone)
    overdue = loans.position(loan, today).arrears.amount
    form = PromiseForm(request.POST or None, loan=loan, initial={"amount": overdue or None})
    return contact_page.page(
        request,
        form,
        lambda: services.take_promise(
            actor=request.user, loan=loan, entry=form.entry(), now=timezone.now()
        ),
        words=Words(
            title=_("Take a promise to pay"),
            button=_("Record the promise"),
            done=_("The promise is on record. Nobody is reminded until its day is over."),
            place=loan.number,
            back=reverse("loans:detail", args=[loan.pk]),
            text=_(
                "A promise changes nothing of what is owed or overdue. It is kept by what is paid"
                " from now on and up to its day. The contact is written down with it: between"
                " 8:00 and 19:00, unless the borrower began it."
            ),
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.TAKE_PROMISE)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Withdraw an open promise."""
    promise = get_visible(Promise.objects.select_related("loan"), request.user, pk=pk)
    form = WithdrawForm(request.POST or None)
    return contact_page.page(
        request,
        form,
        lambda: services.withdraw_promise(
            actor=request.user,
            promise=promise,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        words=Words(
            title=_("Withdraw a promise to pay"),
            button=_("Withdraw"),
            done=_("The promise no longer counts."),
            place=promise.loan.number,
            back=reverse("loans:detail", args=[promise.loan_id]),
        ),
    )


def _today(request: HttpRequest) -> date:
    return dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
