"""Parameters and estimates: the list, one in full, and the steps of two people."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import dates
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.impairment import policies, services, wording
from apps.impairment.forms import NoteForm, ParametersForm
from apps.impairment.models import Estimate, ParameterSet


@require_GET
@requires(policies.VIEW)
def listed(request: HttpRequest) -> HttpResponse:
    """List parameters and estimates, the newest first."""
    found = ParameterSet.objects.visible_to(request.user).select_related(
        "entity", "proposed_by", "answered_by"
    )
    entity = request.user.branch.entity
    today = dates.local_date(timezone.now(), entity.time_zone)
    context = {
        "rows": [_row(request, one) for one in found.order_by("-effective_from", "-proposed_at")],
        "estimates": Estimate.objects.visible_to(request.user)
        .select_related("entity")
        .order_by("-made_at", "-pk"),
        "in_force": ParameterSet.objects.in_force(entity, today),
        "entity": entity,
        "may_propose": request.user.has_perm(policies.PROPOSE),
    }
    return render(request, "impairment/parameters.html", context)


@require_GET
@requires(policies.VIEW)
def one(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show parameters in full, with the steps that are open to the person."""
    rows = ParameterSet.objects.select_related("entity", "proposed_by", "answered_by")
    found = get_visible(rows, request.user, pk=pk)
    context = {**_row(request, found), "body": _written(found.body)}
    return render(request, "impairment/parameter_set.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE)
def propose(request: HttpRequest) -> HttpResponse:
    """Propose parameters for one's lender; the form begins with those in force."""
    entity, now = request.user.branch.entity, timezone.now()
    today = dates.local_date(now, entity.time_zone)
    in_force = ParameterSet.objects.in_force(entity, today)
    body = in_force.body if in_force else services.starting_point()
    form = ParametersForm(
        request.POST or None, initial={"body": _written(body), "effective_from": today}
    )
    return _form(
        request,
        form,
        title=_("Propose parameters"),
        label=_("Propose"),
        act=lambda: services.propose_parameters(
            actor=request.user, entity=entity, asked=form.asked(), now=now
        ),
        said=_("The proposal waits for another person."),
    )


@require_POST
@requires(policies.APPROVE)
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve what another person proposed."""
    return _taken(
        request, pk, services.approve_parameters, said=_("Losses are measured by these now.")
    )


@require_POST
@requires(policies.PROPOSE)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back one's own proposal."""
    return _taken(request, pk, services.withdraw_parameters, said=_("The proposal is taken back."))


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse what another person proposed, with a reason."""
    found = get_visible(ParameterSet.objects.all(), request.user, pk=pk)
    form = NoteForm(request.POST or None)
    return _form(
        request,
        form,
        title=_("Refuse parameters"),
        label=_("Refuse"),
        act=lambda: services.refuse_parameters(
            actor=request.user, one=found, now=timezone.now(), **form.cleaned_data
        ),
        said=_("The proposal is refused."),
    )


def _row(request: HttpRequest, found: ParameterSet) -> dict[str, Any]:
    word, tone, symbol = wording.STATES[found.status]
    return {
        "one": found,
        "look": {"word": word, "tone": tone, "symbol": symbol},
        "may_answer": policies.may_answer(request.user, found),
        "may_withdraw": policies.may_withdraw(request.user, found),
    }


def _written(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _taken(
    request: HttpRequest, pk: uuid.UUID, act: Callable[..., ParameterSet], *, said: str
) -> HttpResponse:
    found = get_visible(ParameterSet.objects.all(), request.user, pk=pk)
    try:
        act(actor=request.user, one=found, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
    else:
        messages.success(request, said)
    return redirect("impairment:parameters")


def _form(
    request: HttpRequest,
    form: Any,
    *,
    title: str,
    label: str,
    act: Callable[[], Any],
    said: str,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            act()
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, said)
            return redirect("impairment:parameters")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "title": title, "label": label}
    return render(request, "impairment/act.html", context, status=status)
