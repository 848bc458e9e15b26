"""Propose a settlement once its loss was seen, answer and withdraw one; the desk's numbers."""

import uuid
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.collections import policies, services, settlement_page
from apps.collections.models import Rule, Settlement
from apps.collections.settlement_forms import (
    ApprovalForm,
    NoteForm,
    ReasonForm,
    RuleForm,
    SettlementForm,
)
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words
from apps.servicing import selectors as servicing
from apps.servicing.asked import seen, today


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE_SETTLEMENT)
def propose(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what an offer gives up of which part of the debt; then propose it."""
    loan = seen(request, pk)
    form = SettlementForm(request.POST or None)
    is_read = form.is_bound and form.is_valid()
    if is_read and request.POST.get("step") == "send" and _proposed(request, loan, form):
        messages.success(request, _("It is proposed; another person answers it."))
        return redirect("collections:case", pk=loan.pk)
    amount = _looked_at(loan, form) if is_read else Decimal(0)
    context = {
        "loan": loan,
        "loss": settlement_page.loss(loan, today(loan), amount),
        "form": _with_seen(request, form, loan, amount),
        "may_send": bool(amount) and form.is_valid(),
        "crumbs": [
            {"label": loan.number, "url": reverse("collections:case", args=[loan.pk])},
            {"label": _("Propose a settlement"), "url": ""},
        ],
    }
    is_fine = not form.is_bound or (form.is_valid() and request.POST.get("step") != "send")
    return render(request, "collections/settle.html", context, status=200 if is_fine else 422)


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE_SETTLEMENT)
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what is given up of which part of the debt; then approve it: the borrower is told."""
    rows = Settlement.objects.select_related("loan__branch__entity", "proposed_by")
    settlement = get_visible(rows, request.user, pk=pk)
    back = redirect("collections:case", pk=settlement.loan_id)
    if settlement.loan.status != "active" or not settlement_page.may_answer(
        request.user, settlement
    ):
        messages.error(request, _("This settlement was answered, or another person answers it."))
        return back
    form = ApprovalForm(request.POST or None)
    if form.is_bound and form.is_valid() and _approved(request, settlement, form):
        messages.success(request, _("It is agreed, and the letter to the borrower is issued."))
        return back
    context = {
        **settlement_page.approval(settlement, today(settlement.loan)),
        "form": form,
        "crumbs": [
            {
                "label": settlement.loan.number,
                "url": reverse("collections:case", args=[settlement.loan_id]),
            },
            {"label": _("Approve the settlement"), "url": ""},
        ],
    }
    status = 422 if form.is_bound else 200
    return render(request, "collections/approve_settlement.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE_SETTLEMENT)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse what another person proposed, with a reason."""
    settlement = get_visible(Settlement.objects.select_related("loan"), request.user, pk=pk)
    form = NoteForm(request.POST or None)
    return contact_page.page(
        request,
        form,
        lambda: services.refuse_settlement(
            actor=request.user,
            settlement=settlement,
            note=form.cleaned_data["note"],
            now=timezone.now(),
        ),
        words=Words(
            title=_("Refuse the settlement"),
            button=_("Refuse"),
            done=_("The settlement is refused."),
            place=settlement.loan.number,
            back=reverse("collections:case", args=[settlement.loan_id]),
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.VIEW)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Withdraw a settlement, with a reason."""
    settlement = get_visible(Settlement.objects.select_related("loan"), request.user, pk=pk)
    form = ReasonForm(request.POST or None)
    return contact_page.page(
        request,
        form,
        lambda: services.withdraw_settlement(
            actor=request.user,
            settlement=settlement,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        words=Words(
            title=_("Withdraw the settlement"),
            button=_("Withdraw"),
            done=_("The settlement is withdrawn."),
            place=settlement.loan.number,
            back=reverse("collections:case", args=[settlement.loan_id]),
            text=_("Nothing is given up then; what was paid counts towards the loan."),
            also=_(
                "The borrower has our letter, and no other one goes out: tell the borrower that it"
                " does not hold any more, and why, before anything else is asked for."
            )
            if settlement.status == "approved"
            else "",
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.RULES)
def rules(request: HttpRequest) -> HttpResponse:
    """Show and set the numbers the desk of a lender works by."""
    lenders = servicing.lenders(request.user)
    form = RuleForm(
        request.POST or None,
        lenders=lenders,
        initial={"entity": request.user.branch.entity_id},
    )
    if form.is_bound and form.is_valid():
        try:
            services.set_rule(actor=request.user, entry=form.entry(), now=timezone.now())
            messages.success(request, _("The number is set."))
            return redirect("collections:rules")
        except DomainError as refusal:
            form.refuse(refusal)
    set_ones = Rule.objects.filter(entity__in=lenders).select_related("entity", "set_by")
    context = {
        "form": form,
        "standing": settlement_page.rules(lenders, timezone.now()),
        "set_ones": settlement_page.named(set_ones.order_by("-from_date", "code")[:200]),
    }
    return render(request, "collections/rules.html", context, status=422 if form.is_bound else 200)


def _approved(request: HttpRequest, settlement: Settlement, form: ApprovalForm) -> bool:
    try:
        services.approve_settlement(
            actor=request.user,
            settlement=settlement,
            seen=form.cleaned_data["seen"],
            now=timezone.now(),
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    return True


def _proposed(request: HttpRequest, loan: Loan, form: SettlementForm) -> bool:
    try:
        services.propose_settlement(
            actor=request.user, loan=loan, offer=form.offer(), now=timezone.now()
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    return True


def _looked_at(loan: Loan, form: SettlementForm) -> Decimal:
    """Return the amount of an offer that can be made; zero where it is refused, with why."""
    parts = form.parts()
    if not form.is_valid():
        return Decimal(0)
    try:
        services.require_offer(loan, parts, today(loan))
    except DomainError as refusal:
        form.refuse(refusal)
        return Decimal(0)
    return sum((one.amount for one in parts), Decimal(0))


def _with_seen(
    request: HttpRequest, form: SettlementForm, loan: Loan, amount: Decimal
) -> SettlementForm:
    """Return the form with what this page shows to be given up."""
    if not form.is_bound or not amount:
        return form
    data = request.POST.copy()
    data["seen"] = str(settlement_page.loss(loan, today(loan), amount)["found"].waived)
    shown = SettlementForm(data)
    shown.is_valid()
    for name, errors in form.errors.items():
        shown.add_error(None if name == "__all__" else name, errors)
    return shown
