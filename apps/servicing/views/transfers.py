"""Pages of transfers between branches: propose one, and the worklist of who takes them over."""

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

from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.servicing import forms, policies, selectors, services
from apps.servicing.models import Transfer
from apps.servicing.views.shown import Task, one_form, rendered, seen


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE_TRANSFER)
def propose(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Propose that a loan goes to another branch."""
    loan = seen(request, pk)
    task = Task(
        title=_("Transfer to another branch"),
        label=_("Propose the transfer"),
        said=_("The transfer waits for the branch that receives the loan."),
        text=_(
            "All that the loan holds moves to the other branch once somebody there approves it."
            " From that day on it is seen, serviced and posted there."
        ),
    )
    form = forms.TransferForm(request.POST or None, branches=selectors.other_branches(loan))
    return one_form(
        request,
        loan,
        task,
        form=form,
        act=lambda given: services.propose_transfer(
            actor=request.user,
            loan=loan,
            to_branch=given["branch"],
            reason=given["reason"],
            reference=f"transfer:{loan.number}:{given['reference']}" if given["reference"] else "",
            now=timezone.now(),
        ),
    )


@require_GET
@requires(policies.APPROVE_TRANSFER)
def worklist(request: HttpRequest) -> HttpResponse:
    """Show the transfers that wait, the oldest first."""
    page = keyset.page(
        selectors.waiting_transfers(request.user),
        by=("proposed_at", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    reach = policies.reach(request.user)
    rows = [
        {"one": one, "may_answer": policies.may_answer_transfer(request.user, one, reach)}
        for one in page.rows
    ]
    return render(request, "servicing/transfers.html", {"page": page, "rows": rows})


@require_GET
@requires(policies.APPROVE_TRANSFER)
def count(request: HttpRequest) -> HttpResponse:
    """Say how many transfers wait for the person."""
    return HttpResponse(selectors.my_transfers(request.user) or "")


@require_POST
@requires(policies.APPROVE_TRANSFER)
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a loan over."""
    return _taken(
        request,
        pk,
        lambda one: services.approve_transfer(actor=request.user, transfer=one, now=timezone.now()),
        said=_("The loan is in its new branch."),
    )


@require_POST
@requires(policies.PROPOSE_TRANSFER)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a transfer of one's own back."""
    return _taken(
        request,
        pk,
        lambda one: services.withdraw_transfer(
            actor=request.user, transfer=one, now=timezone.now()
        ),
        said=_("The transfer is taken back."),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE_TRANSFER)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse to take a loan over, with a reason."""
    transfer = get_visible(
        Transfer.objects.select_related("loan", "from_branch", "to_branch"), request.user, pk=pk
    )
    form = forms.NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.refuse_transfer(
                actor=request.user, transfer=transfer, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("The transfer is refused."))
            return redirect("servicing:transfers")
        except DomainError as refusal:
            form.refuse(refusal)
    title = _("Refuse the transfer")
    context = {
        "title": title,
        "transfer": transfer,
        "form": form,
        "crumbs": [
            {"label": _("Transfers"), "url": reverse("servicing:transfers")},
            {"label": title},
        ],
    }
    return rendered(request, "servicing/refuse_transfer.html", context)


def _taken(
    request: HttpRequest, pk: uuid.UUID, act: Callable[[Transfer], Any], *, said: str
) -> HttpResponse:
    transfer = get_visible(Transfer.objects.all(), request.user, pk=pk)
    try:
        act(transfer)
        messages.success(request, said)
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
        may_answer = request.user.has_perm(policies.APPROVE_TRANSFER)
        return redirect("servicing:transfers" if may_answer else "loans:list")
    return redirect("loans:detail", pk=transfer.loan_id)
