"""The worklist of what was proposed, and the table of benchmark rates."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.servicing import forms, policies, selectors, services
from apps.servicing.models import Proposal
from apps.servicing.views.shown import Task, done, one_form, rendered, seen


@require_GET
@requires(policies.APPROVE)
def worklist(request: HttpRequest) -> HttpResponse:
    """Show the proposals that wait for a second person, the oldest first."""
    page = keyset.page(
        selectors.waiting(request.user),
        by=("proposed_at", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    rows = [{"one": one, "may_answer": policies.may_answer(request.user, one)} for one in page.rows]
    return render(request, "servicing/proposals.html", {"page": page, "rows": rows})


@require_GET
@requires(policies.APPROVE)
def count(request: HttpRequest) -> HttpResponse:
    """Say how many proposals wait for the person."""
    return HttpResponse(selectors.my_count(request.user) or "")


@require_POST
@requires(policies.APPROVE)
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve a proposal, which posts it."""
    return _taken(
        request,
        pk,
        lambda one: services.approve(actor=request.user, proposal=one, now=timezone.now()),
        said=_("It is approved and posted."),
    )


@require_POST
@requires(policies.PROPOSE)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a proposal of one's own back."""
    return _taken(
        request,
        pk,
        lambda one: services.withdraw(actor=request.user, proposal=one, now=timezone.now()),
        said=_("The proposal is taken back."),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse a proposal, with a reason."""
    proposal = get_visible(Proposal.objects.all(), request.user, pk=pk)
    loan = seen(request, proposal.loan_id)
    task = Task(
        title=_("Refuse the proposal"),
        label=_("Refuse"),
        said=_("The proposal is refused."),
        text=f"{proposal.get_kind_display()} · {proposal.reason}",
        is_grave=True,
    )
    return one_form(
        request,
        loan,
        task,
        form=forms.NoteForm(request.POST or None),
        act=lambda given: services.refuse(
            actor=request.user, proposal=proposal, now=timezone.now(), **given
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.RATES)
def rates(request: HttpRequest) -> HttpResponse:
    """Show and keep the table of benchmark rates."""
    form = forms.RateForm(
        request.POST or None,
        lenders=selectors.lenders(request.user),
        initial={"entity": request.user.branch.entity_id},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.set_rate(actor=request.user, now=timezone.now(), **form.values())
            messages.success(request, _("The rate is entered."))
            return redirect("servicing:rates")
        except DomainError as refusal:
            form.refuse(refusal)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "rates": selectors.rates(request.user)[:200]}
    return render(request, "servicing/rates.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(policies.RATES)
def take_rate_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a row of the table back, with a reason."""
    rate = get_object_or_404(selectors.rates(request.user), pk=pk)
    form = forms.RateBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        is_done = done(
            request,
            form,
            lambda: services.take_rate_back(
                actor=request.user, rate=rate, now=timezone.now(), **form.cleaned_data
            ),
            said=_("The rate is taken back."),
        )
        if is_done:
            return redirect("servicing:rates")
    return rendered(request, "servicing/rate_back.html", {"form": form, "rate": rate})


def _taken(
    request: HttpRequest, pk: uuid.UUID, act: Callable[[Proposal], Any], *, said: str
) -> HttpResponse:
    proposal = get_visible(Proposal.objects.all(), request.user, pk=pk)
    try:
        act(proposal)
        messages.success(request, said)
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
    return redirect("loans:detail", pk=proposal.loan_id)
