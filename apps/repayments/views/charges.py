"""Charges of a loan, and the accrual of days."""

import uuid
from datetime import timedelta
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import dates, jobs, keyset
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.formatting import format_money
from apps.core.templatetags.format import day as format_day
from apps.core.visibility import get_visible
from apps.ledger import selectors as ledger
from apps.loans.models import Loan
from apps.repayments import charge_forms, charge_rows, correcting, policies, services
from apps.repayments.models import AccountEvent, AccrualRun
from apps.repayments.services import holding
from apps.repayments.views import contact_page

_SHOWN_IN_PANEL = 5
_SHOWN = 200


@requires(policies.VIEW)
@require_GET
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the last charges of a loan for its page; nothing where there are none to see."""
    loan = get_visible(Loan.objects.select_related("offer"), request.user, pk=pk)
    rows = charge_rows.of_loan(loan, request.user, most=_SHOWN_IN_PANEL)
    may_ask = _may_ask(request, loan)
    if not rows and not may_ask:
        return HttpResponse("")
    return render(
        request, "repayments/_charges.html", {"loan": loan, "rows": rows, "may_ask": may_ask}
    )


@requires(policies.VIEW)
@require_GET
def charges(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """List what was asked for beside the schedule of a loan."""
    loan = get_visible(Loan.objects.select_related("offer"), request.user, pk=pk)
    context = {
        "loan": loan,
        "rows": charge_rows.of_loan(loan, request.user, most=_SHOWN),
        "may_ask": _may_ask(request, loan),
        "crumbs": [
            {"label": loan.number, "url": reverse("loans:detail", args=[pk])},
            {"label": _("Charges")},
        ],
    }
    return render(request, "repayments/charges.html", context)


@requires(policies.CHARGE)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for a fee or a penal charge."""
    loan = get_visible(Loan.objects.select_related("branch__entity"), request.user, pk=pk)
    now = timezone.now()
    today = holding.today(loan, now)
    form = charge_forms.ChargeForm(
        request.POST or None,
        loan=loan,
        initial={"day": today, "due_on": today, "reference": uuid.uuid4()},
    )
    words = contact_page.Words(
        title=_("Ask for a charge"),
        button=_("Ask for it"),
        done=_("The charge is on the account."),
        place=loan.number,
        back=reverse("loans:detail", args=[pk]),
        text=_("Taxes come on top by themselves. A charge bears no interest and joins no balance."),
    )
    return contact_page.page(
        request,
        form,
        lambda: services.charge(
            actor=request.user,
            loan=loan,
            asked=form.asked(),
            reference=f"charge:{loan.number}:{form.cleaned_data['reference']}",
            now=now,
        ),
        words=words,
    )


@requires(policies.CHARGE)
@require_http_methods(["GET", "POST"])
def take_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a charge back."""
    rows = AccountEvent.objects.filter(kind="charge").select_related("loan")
    event = get_visible(rows, request.user, pk=pk)
    form = charge_forms.TakeBackForm(request.POST or None)
    words = contact_page.Words(
        title=_("Take a charge back"),
        button=_("Take it back"),
        done=_("The charge is taken back."),
        place=_("Charges"),
        back=reverse("repayments:charges", args=[event.loan_id]),
        text=_(
            "%(what)s of %(day)s, %(amount)s, with the taxes on it. What was paid of it goes to"
            " what else is owed."
        )
        % {
            "what": charge_rows.Row(event, may_take_back=True).code,
            "day": format_day(event.day),
            "amount": format_money(event.amount or Decimal(0), event.currency),
        },
        also=correcting.booked_on(event),
    )
    return contact_page.page(
        request,
        form,
        lambda: services.take_charge_back(
            actor=request.user,
            event=event,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        words=words,
    )


@requires(policies.ACCRUE)
@require_http_methods(["GET", "POST"])
def accruals(request: HttpRequest) -> HttpResponse:
    """Show for which days interest was accrued, and have one accrued by the worker."""
    entity = request.user.branch.entity
    yesterday = dates.local_date(timezone.now(), entity.time_zone) - timedelta(days=1)
    form = charge_forms.AccrualForm(
        request.POST or None,
        entities=ledger.entities(request.user),
        initial={"entity": entity.pk, "day": yesterday},
    )
    if request.method == "POST" and form.is_valid() and _sent(request, form):
        return redirect("repayments:accruals")
    page = keyset.page(
        AccrualRun.objects.visible_to(request.user).select_related("entity"),
        by=("-day", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "page": page}
    return render(request, "repayments/accruals.html", context, status=status)


def _sent(request: HttpRequest, form: charge_forms.AccrualForm) -> bool:
    """Have the day of a form accrued; say in it why not."""
    entity, day = form.cleaned_data["entity"], form.cleaned_data["day"]
    try:
        services.require_over_or_today(entity, day, now=timezone.now())
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    jobs.enqueue(
        "repayments.accrue",
        entity_id=str(entity.pk),
        day=day.isoformat(),
        actor=request.user.audit_reference,
    )
    messages.info(request, _("The day is being accrued; what is done appears on this page."))
    return True


def _may_ask(request: HttpRequest, loan: Loan) -> bool:
    """Return whether the person may ask for a charge; nothing is of who stepped back."""
    is_running = loan.status == "active" and not loan.is_exited
    return is_running and request.user.has_perm(policies.CHARGE)
