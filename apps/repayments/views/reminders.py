"""Reminders: what a loan's page shows of them, who wants none, and when they go out."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import dates
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.loans import policies as lending
from apps.loans.models import Loan
from apps.repayments import contact_looks, contact_rows, policies, services
from apps.repayments.contact_forms import PlanForm, StopForm
from apps.repayments.models import ReminderPlan
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words


@require_GET
@requires(lending.VIEW)
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what was promised on a loan and which reminders went out, for its page."""
    loan = get_visible(Loan.objects.select_related("branch__entity"), request.user, pk=pk)
    promises = contact_rows.of_loan(loan)
    reminders = contact_rows.reminders(loan)[: contact_rows.SHOWN]
    user = request.user
    context = {
        "loan": loan,
        "promises": [(one, contact_looks.PROMISES[one.status]) for one in promises],
        "reminders": [
            (one, contact_looks.REMINDERS[one.status], contact_looks.step(one.step))
            for one in reminders
        ],
        "stop": contact_rows.stop(loan.customer_id),
        "may_promise": loan.status == "active"
        and user.has_perm(policies.TAKE_PROMISE)
        and not any(one.status == "open" for one in promises),
        "may_withdraw": user.has_perm(policies.TAKE_PROMISE),
        "may_stop": user.has_perm(policies.STOP_REMINDERS),
    }
    return render(request, "repayments/_contact.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.STOP_REMINDERS)
def stop(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record that the borrower of a loan wants no reminders."""
    loan = get_visible(Loan.objects.select_related("customer"), request.user, pk=pk)
    form = StopForm(request.POST or None)
    return contact_page.page(
        request,
        form,
        lambda: services.stop_reminders(
            actor=request.user,
            customer=loan.customer,
            channel=form.cleaned_data["channel"],
            now=timezone.now(),
        ),
        words=Words(
            title=_("End reminders"),
            button=_("End them"),
            done=_("The borrower gets no more reminders."),
            place=loan.number,
            back=reverse("loans:detail", args=[loan.pk]),
            text=_("For all loans of this borrower, as the borrower asked."),
        ),
    )


@require_POST
@requires(policies.STOP_REMINDERS)
def resume(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record that the borrower of a loan wants reminders again."""
    loan = get_visible(Loan.objects.select_related("customer"), request.user, pk=pk)
    try:
        services.resume_reminders(actor=request.user, customer=loan.customer, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The borrower gets reminders again."))
    return redirect("loans:detail", pk=loan.pk)


@require_GET
@requires(lending.VIEW)
def plans(request: HttpRequest) -> HttpResponse:
    """Show on which days borrowers are reminded, and what it was before."""
    user = request.user
    context = {
        "plans": [(one, contact_looks.steps(one.steps)) for one in contact_rows.plans(user)],
        "ended": [
            (one, contact_looks.steps(one.steps))
            for one in contact_rows.plans(user, ended=True)[:50]
        ],
        "may_change": user.has_perm(policies.MANAGE_PLANS),
        "today": dates.local_date(timezone.now(), user.branch.entity.time_zone),
    }
    return render(request, "repayments/reminder_plans.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.MANAGE_PLANS)
def enter_plan(request: HttpRequest) -> HttpResponse:
    """Enter a row; one for the same product and day is ended by it."""
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    form = PlanForm(request.POST or None, actor=request.user, today=today)
    return contact_page.page(
        request,
        form,
        lambda: services.enter_plan(actor=request.user, entry=form.entry(), now=timezone.now()),
        words=Words(
            title=_("Set when borrowers are reminded"),
            button=_("Save"),
            done=_("The row counts from its day on."),
            place=_("Reminders"),
            back=reverse("repayments:reminder_plans"),
        ),
    )


@require_POST
@requires(policies.MANAGE_PLANS)
def end_plan(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End a row."""
    plan = get_visible(ReminderPlan.objects.all(), request.user, pk=pk)
    try:
        services.end_plan(actor=request.user, plan=plan, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The row is ended."))
    return redirect("repayments:reminder_plans")
