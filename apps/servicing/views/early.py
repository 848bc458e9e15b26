"""Pages of paying early: a part of the principal, or all that is owed."""

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.access import refuse_without, requires
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.repayments.errors import PaidInPart, TakenBackAlready
from apps.repayments.models import AccountEvent
from apps.servicing import forms, payoff_file, policies, selectors, services
from apps.servicing.views.shown import crumbs, done, rendered, running, today


@require_http_methods(["GET", "POST"])
@requires(policies.POST)
def prepay(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show both ways of a part pre-payment side by side, and take the one that is chosen."""
    loan = running(request, pk)
    on = today(loan)
    amount = forms.AmountForm(request.GET if "amount" in request.GET else None)
    shown = None
    if amount.is_bound and amount.is_valid():
        shown = _choices(loan, amount, on)
    first = {"day": on, "amount": amount["amount"].value() if amount.is_bound else None}
    form = forms.PrepaymentForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        is_done = done(
            request,
            form,
            lambda: _require_live(
                services.prepay(
                    actor=request.user,
                    loan=loan,
                    money=form.money(),
                    option=form.cleaned_data["option"],
                    now=timezone.now(),
                )
            ),
            said=_("The part pre-payment is posted."),
        )
        if is_done:
            return redirect("loans:detail", pk=pk)
    context = {
        "loan": loan,
        "crumbs": crumbs(loan, _("Pay a part early")),
        "amount_form": amount,
        "choices": shown,
        "form": form,
        "standing": selectors.standing(loan, on),
        "early": selectors.early_contract(loan),
    }
    return rendered(request, "servicing/prepay.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.VIEW)
def payoff(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what ends a loan on a day, and take it; whoever may only look takes nothing."""
    if request.method == "POST":
        refuse_without(request, policies.POST)
    loan = running(request, pk)
    first = today(loan)
    asked = forms.QuoteForm(request.GET if "day" in request.GET else {"day": first})
    quote = _quote(loan, asked)
    form = None
    if request.user.has_perm(policies.POST):
        initial = {"day": first, "amount": quote.total if quote else None}
        form = forms.MoneyForm(request.POST or None, initial=initial)
    if form is not None and request.method == "POST" and form.is_valid():
        money = form.money()
        is_done = done(
            request,
            form,
            lambda: _require_live(
                services.pay_off(actor=request.user, loan=loan, money=money, now=timezone.now())
            ),
            said=_("The loan is paid off."),
        )
        if is_done:
            return redirect("loans:detail", pk=pk)
    context = {
        "loan": loan,
        "crumbs": crumbs(loan, _("Quote for paying off")),
        "asked": asked,
        "quote": quote,
        "form": form,
        "is_today": quote is not None and quote.day == first,
    }
    return rendered(request, "servicing/payoff.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.TOP_UP)
def top_up(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a request out of whose loan this one is paid off, and go to it."""
    loan = running(request, pk)
    form = forms.TopUpForm(request.POST or None, products=selectors.top_up_products(loan))
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data["reference"]
        try:
            made = services.start_top_up(
                actor=request.user,
                loan=loan,
                terms=form.terms(),
                now=timezone.now(),
                reference=f"top-up:{told}" if told else "",
            )
            messages.success(request, _("The request %(number)s is taken.") % {"number": made})
            return redirect("applications:detail", pk=made.pk)
        except DomainError as refusal:
            form.refuse(refusal)
    context = {
        "loan": loan,
        "crumbs": crumbs(loan, _("Top up")),
        "form": form,
        "quote": _owed(loan),
        "under_way": selectors.top_up(loan),
    }
    return rendered(request, "servicing/top_up.html", context)


@require_GET
@requires(policies.VIEW)
def quote_paper(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand the quote over as a PDF that holds until a day."""
    loan = running(request, pk)
    asked = forms.QuoteForm(request.GET)
    if asked.is_valid():
        try:
            pdf = services.print_quote(
                actor=request.user, loan=loan, until=asked.cleaned_data["day"], now=timezone.now()
            )
            return payoff_file.response(pdf, loan.number)
        except DomainError as refusal:
            messages.error(request, str(refusal.sentence))
    else:
        messages.error(request, _("Say until which day the quote is to hold."))
    return redirect("servicing:payoff", pk=pk)


def _require_live(event: AccountEvent) -> None:
    """Raise TakenBackAlready for money that was taken under this reference, and taken back."""
    if event.status != "live":
        raise TakenBackAlready


def _owed(loan: Loan) -> Any:
    """Return what ends the loan today; nothing where it cannot be ended yet."""
    try:
        return selectors.payoff_on(loan, today(loan))
    except PaidInPart:
        return None


def _choices(loan: Loan, form: forms.AmountForm, on: date) -> Any:
    try:
        return services.choices(loan, on, form.cleaned_data["amount"])
    except DomainError as refusal:
        form.refuse(refusal)
        return None


def _quote(loan: Loan, form: forms.QuoteForm) -> Any:
    if not form.is_valid():
        return None
    try:
        return services.quote(loan, form.cleaned_data["day"], today=today(loan))
    except DomainError as refusal:
        form.refuse(refusal)
        return None
