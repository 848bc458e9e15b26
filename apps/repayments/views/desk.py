"""The repayment desk: see what money comes to, post it, print; the sheet of a day; take back."""

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import dates
from apps.core.access import requires
from apps.core.errors import Conflict, DomainError
from apps.core.formatting import format_money
from apps.core.visibility import get_visible
from apps.ledger import selectors as ledger
from apps.repayments import (
    correcting,
    day_sheet,
    desk_forms,
    desk_rows,
    policies,
    selectors,
    services,
)
from apps.repayments.errors import TakenBackAlready
from apps.repayments.models import AccountEvent, StatementLine
from apps.repayments.services import holding
from apps.repayments.views import contact_page

_OWN_SHOWN = 10


@requires(policies.POST)
@require_http_methods(["GET", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """Show what money would come to, and post it as it was shown."""
    now, branch = timezone.now(), request.user.branch
    today = holding.today_of(branch, now)
    first = {"day": today, "own_reference": uuid.uuid4(), "number": request.GET.get("number", "")}
    form = desk_forms.PaymentForm(request.POST or None, initial=first)
    found = services.Preview()
    if request.method == "POST" and form.is_valid():
        is_shown = form.cleaned_data["seen"] == form.fingerprint
        if is_shown and request.POST.get("do") == "post":
            if _posted(request, form):
                return redirect("repayments:desk")
        else:
            found = _foreseen(request, form)
    shares = desk_rows.shares(found.shares)
    zone = branch.entity.time_zone
    own = day_sheet.own(request.user, today, time_zone=zone, most=_OWN_SHOWN)
    context = {
        "form": form,
        "shares": shares,
        "total": form.cleaned_data["amount"] if shares else None,
        "seen": form.fingerprint if shares else "",
        "posted_before": desk_rows.posted_before(found.posted),
        "payments": desk_rows.payments(own),
        "may_print": request.user.has_perm(policies.PRINT),
    }
    status = 422 if form.errors else 200
    return render(request, "repayments/desk.html", context, status=status)


@requires(policies.POST)
@require_http_methods(["GET", "POST"])
def unidentified(request: HttpRequest) -> HttpResponse:
    """Take money into suspense whose loan is not known yet."""
    now, branch = timezone.now(), request.user.branch
    form = desk_forms.UnidentifiedForm(
        request.POST or None,
        currency=branch.entity.currency,
        initial={"day": holding.today_of(branch, now), "own_reference": uuid.uuid4()},
    )
    words = contact_page.Words(
        title=_("Money whose loan is not known yet"),
        button=_("Keep it in suspense"),
        done=_("The money waits in suspense until somebody places it on a loan or returns it."),
        place=_("Repayment desk"),
        back=reverse("repayments:desk"),
        text=_(
            "It is booked as unidentified on the day it came in. The same reference is taken once,"
            " here, on a loan or with a statement."
        ),
    )
    names = ("amount", "channel", "external_reference", "day", "party", "narrative")
    return contact_page.page(
        request,
        form,
        lambda: _require_waiting(
            services.take_unidentified(
                actor=request.user,
                branch=branch,
                money=services.Unidentified(**{name: form.cleaned_data[name] for name in names}),
                now=now,
            )
        ),
        words=words,
    )


@requires(policies.VIEW)
@require_GET
def sheet(request: HttpRequest) -> HttpResponse:
    """Show the sheet of a day: totals by channel, payments, and what was taken back."""
    entity = request.user.branch.entity
    first = {"day": dates.local_date(timezone.now(), entity.time_zone), "branch": ""}
    form = desk_forms.DaySheetForm(
        {**first, **request.GET.dict()}, branches=ledger.branches(request.user)
    )
    found = None
    if form.is_valid():
        found = day_sheet.sheet(
            request.user,
            form.cleaned_data["day"],
            branch=form.cleaned_data["branch"],
            time_zone=entity.time_zone,
        )
    context = {
        "form": form,
        "sheet": found,
        "totals": desk_rows.totals(found.totals) if found else [],
        "payments": desk_rows.payments(found.payments) if found else [],
        "reversals": desk_rows.payments(found.reversals) if found else [],
        "may_print": request.user.has_perm(policies.PRINT),
        "may_reverse": request.user.has_perm(policies.REVERSE),
    }
    return render(request, "repayments/day_sheet.html", context, status=200 if found else 422)


@requires(policies.REVERSE)
@require_http_methods(["GET", "POST"])
def take_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a payment back, with the reason."""
    rows = AccountEvent.objects.filter(kind__in=selectors.PAYMENTS).select_related(
        "loan", "reversed_by"
    )
    event = get_visible(rows, request.user, pk=pk)
    form = desk_forms.ReversalForm(request.POST or None)
    amount = format_money(event.amount or Decimal(0), event.currency)
    words = contact_page.Words(
        title=_("Take a payment back"),
        button=_("Take it back"),
        done=_("The payment is taken back; the account is as it would be without it."),
        place=event.loan.number,
        back=reverse("loans:detail", args=[event.loan_id]),
        text=_(
            "%(amount)s on loan %(loan)s. The account will be as it would be without this payment,"
            " whatever came after it; what follows is computed anew and shown in the ledger."
        )
        % {"amount": amount, "loan": event.loan.number},
        also=correcting.booked_on(event),
        over=desk_rows.taken_back(event),
    )
    return contact_page.page(
        request,
        form,
        lambda: services.take_back(
            actor=request.user,
            event=event,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        words=words,
    )


def _money(form: desk_forms.PaymentForm) -> services.Money:
    return services.Money(**{name: form.cleaned_data[name] for name in desk_forms.SHOWN})


def _foreseen(request: HttpRequest, form: desk_forms.PaymentForm) -> services.Preview:
    """Return what the money would come to; say in the form why it cannot be taken."""
    try:
        found = services.preview(actor=request.user, money=_money(form), now=timezone.now())
        _require_live(found.posted)
    except DomainError as refusal:
        form.refuse(refusal)
        return services.Preview()
    return found


def _posted(request: HttpRequest, form: desk_forms.PaymentForm) -> bool:
    """Post the money of the form; say in it why not."""
    money = _money(form)
    try:
        before = services.posted_before(actor=request.user, money=money)
        events = before or services.take(actor=request.user, money=money, now=timezone.now())
        _require_live(events)
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    if before:
        messages.info(request, desk_rows.posted_before(before))
    else:
        messages.success(request, _said(events))
    return True


def _require_live(events: Sequence[AccountEvent]) -> None:
    """Raise TakenBackAlready for money that was posted under this reference, and taken back."""
    if any(one.status != "live" for one in events):
        raise TakenBackAlready


def _require_waiting(line: StatementLine) -> StatementLine:
    """Raise Conflict for money that was taken under this reference, and waits no more."""
    if line.status == "posted":
        sentence = _("This money was taken before, and was placed on a loan since.")
        raise Conflict("placed_before", sentence)
    if line.status == "returned":
        sentence = _("This money was taken before, and went back to who paid it since.")
        raise Conflict("returned_before", sentence)
    return line


def _said(events: list[Any]) -> str:
    if len(events) == 1:
        return _("%(amount)s is posted on loan %(loan)s.") % {
            "amount": format_money(events[0].amount, events[0].currency),
            "loan": events[0].loan.number,
        }
    return _("The money is posted on loans %(loans)s.") % {
        "loans": ", ".join(one.loan.number for one in events)
    }
