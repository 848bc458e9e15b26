"""Pages of gates: which are in force, which are proposed, and the answers to them."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core import problems
from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.governance import forms, gate_words, policies, services
from apps.governance.models import GateSet


@requires(policies.SEE)
def gates(request: HttpRequest) -> HttpResponse:
    """Show the gates in force, those proposed, and all of before."""
    return _page(request, _form_from(GateSet.objects.in_force(timezone.localdate())))


@requires(policies.PROPOSE_GATES)
@require_POST
def propose_gates(request: HttpRequest) -> HttpResponse:
    """Propose limits from a day on."""
    form = forms.GatesForm(request.POST)
    if form.is_valid():
        try:
            services.propose_gates(
                actor=request.user,
                effective_from=form.cleaned_data["effective_from"],
                reason=form.cleaned_data["reason"],
                body=form.body(),
                now=timezone.now(),
            )
            messages.success(request, _("The gates are proposed; another person decides."))
            return redirect("governance:gates")
        except DomainError as error:
            problems.add_to(form, error)
    return _page(request, form)


@requires(policies.APPROVE_GATES)
@require_POST
def approve_gates(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve what another person proposed."""
    seen = request.POST.get("seen", "")
    return _answered(request, pk, services.approve_gates, _("The gates are approved."), seen=seen)


@requires(policies.APPROVE_GATES)
@require_POST
def refuse_gates(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse what another person proposed."""
    note = request.POST.get("note", "")
    return _answered(request, pk, services.refuse_gates, _("The gates are refused."), note=note)


@requires(policies.PROPOSE_GATES)
@require_POST
def withdraw_gates(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back what one proposed."""
    return _answered(request, pk, services.withdraw_gates, _("The gates are taken back."))


def _answered(
    request: HttpRequest, pk: uuid.UUID, act: Callable[..., Any], done: str, **said: str
) -> HttpResponse:
    found = GateSet.objects.filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There are no such gates."))
    act(actor=request.user, gate_set=found, now=timezone.now(), **said)
    messages.success(request, done)
    return redirect("governance:gates")


def _form_from(found: GateSet | None) -> forms.GatesForm:
    return forms.GatesForm(initial=services.starting_gates() if found is None else found.body)


def _page(request: HttpRequest, form: forms.GatesForm) -> HttpResponse:
    people = ("proposed_by", "answered_by")
    sets = list(GateSet.objects.select_related(*people).order_by("-effective_from", "-proposed_at"))
    in_force = GateSet.objects.in_force(timezone.localdate())
    proposed = next((one for one in sets if one.status == "proposed"), None)
    context = {
        "in_force": in_force,
        "proposed": proposed,
        "rows": [
            {
                "label": label,
                "now": in_force.body[name] if in_force else "",
                "then": proposed.body[name] if proposed else "",
            }
            for name, label in gate_words.LIMITS.items()
        ],
        "sets": sets,
        "form": form,
        "may_propose": request.user.has_perm(policies.PROPOSE_GATES) and proposed is None,
        "may_answer": proposed is not None and policies.may_answer_gates(request.user, proposed),
        "may_withdraw": proposed is not None and proposed.proposed_by == request.user,
    }
    status = 422 if form.errors else 200
    return render(request, "governance/gates.html", context, status=status)
