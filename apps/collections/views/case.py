"""One overdue loan at the collections desk: how it stands, who works on it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.collections import case_page, forms, policies, selectors, services
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words
from apps.servicing.asked import seen


@require_GET
@requires(policies.VIEW)
def case(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how an overdue loan stands and what was done about it."""
    context = case_page.of_loan(request.user, seen(request, pk), now=timezone.now())
    return render(request, "collections/case.html", context)


@require_POST
@requires(policies.WORK)
def take(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a loan that nobody works on."""
    return _done(
        request,
        pk,
        lambda loan: services.take(actor=request.user, loan=loan, now=timezone.now()),
        said=_("You work on this loan."),
    )


@require_POST
@requires(policies.VIEW)
def release(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give a loan back: one's own, or anybody's as whoever assigns loans."""
    return _done(
        request,
        pk,
        lambda loan: services.release(actor=request.user, loan=loan, now=timezone.now()),
        said=_("Nobody works on this loan now."),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.ASSIGN)
def assign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give a loan to a collector."""
    loan = seen(request, pk)
    form = forms.AssignForm(request.POST or None, people=selectors.collectors(loan))
    return contact_page.page(
        request,
        form,
        lambda: services.assign(
            actor=request.user, loan=loan, now=timezone.now(), **form.cleaned_data
        ),
        words=Words(
            title=_("Give the loan to a collector"),
            button=_("Give it"),
            done=_("The loan is with its collector."),
            place=loan.number,
            back=reverse("collections:case", args=[loan.pk]),
            text=_("Whoever worked on it before does so no more."),
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.WORK)
def contact(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write a contact with the borrower down."""
    loan, now = seen(request, pk), timezone.now()
    form = forms.ContactForm(request.POST or None, loan=loan, now=now)
    return contact_page.page(
        request,
        form,
        lambda: services.record_contact(actor=request.user, loan=loan, entry=form.entry(), now=now),
        words=Words(
            title=_("Write a contact down"),
            button=_("Write it down"),
            done=_("The contact is on record."),
            place=loan.number,
            back=reverse("collections:case", args=[loan.pk]),
            text=_(
                "It cannot be changed afterwards. Calls, visits and messages are made between 8:00"
                " and 19:00; whatever the borrower begins is bound by no hours."
            ),
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.LEGAL)
def legal_step(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write a legal step down."""
    loan = seen(request, pk)
    form = forms.LegalForm(request.POST or None, last=selectors.last_legal_step(loan))
    return contact_page.page(
        request,
        form,
        lambda: services.record_legal_step(
            actor=request.user, loan=loan, entry=form.entry(), now=timezone.now()
        ),
        words=Words(
            title=_("Write a legal step down"),
            button=_("Write it down"),
            done=_("The legal step is on record."),
            place=loan.number,
            back=reverse("collections:case", args=[loan.pk]),
            text=_("It cannot be changed afterwards. A matter that is over is closed."),
        ),
    )


def _done(
    request: HttpRequest, pk: uuid.UUID, act: Callable[[Loan], Any], *, said: str
) -> HttpResponse:
    loan = seen(request, pk)
    try:
        act(loan)
        messages.success(request, said)
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
    return redirect("collections:case", pk=loan.pk)
