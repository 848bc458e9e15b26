"""Limits on how models do and plans of retraining: proposed by one, answered by another."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.monitoring import page, policies, selectors, services, wording
from apps.monitoring.forms import LimitForm, NoteForm, PlanForm
from apps.monitoring.models import Limit, RetrainingPlan
from apps.scoring import model_words

_MOST = 100
_KINDS: dict[str, Any] = {"limit": Limit, "plan": RetrainingPlan}


@require_GET
@requires(policies.SEE)
def limits(request: HttpRequest) -> HttpResponse:
    """Show all limits and plans, what waits first, then the newest."""
    people = ("owner", "proposed_by", "answered_by")
    rows = Limit.objects.select_related(*people).order_by("-proposed_at")
    plans = RetrainingPlan.objects.select_related(*people[1:]).order_by("-proposed_at")
    context = {
        "limits": [_limit(one) for one in _waiting_first(rows)],
        "plans": [_plan(one) for one in _waiting_first(plans)],
        "may_propose": request.user.has_perm(policies.PROPOSE),
    }
    return render(request, "monitoring/limits.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE)
def propose_limit(request: HttpRequest) -> HttpResponse:
    """Propose a limit."""
    form = LimitForm(request.POST or None, initial={"owner": request.user})
    return _proposed(request, form, services.propose_limit, _("Propose a limit"))


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE)
def propose_plan(request: HttpRequest) -> HttpResponse:
    """Propose a plan of retraining."""
    form = PlanForm(request.POST or None)
    return _proposed(request, form, services.propose_plan, _("Propose a plan of retraining"))


@require_http_methods(["GET", "POST"])
@requires(policies.SEE)
def proposal(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Show one proposal; approve, refuse or take it back."""
    rows = (
        _KINDS[kind].objects.select_related("proposed_by", "answered_by")
        if kind in _KINDS
        else None
    )
    one = None if rows is None else rows.filter(pk=pk).first()
    if one is None:
        raise NotVisible("not_found", _("There is no such proposal."))
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _answer(request, one, form.cleaned_data["note"])
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Your answer is kept."))
            return redirect("monitoring:limits")
    before = selectors.in_force_before(one)
    context = {
        "row": _row(one),
        "before": None if before is None else _row(before),
        "kind": kind,
        "form": form,
        "may_answer": policies.may_answer(request.user, one),
        "may_withdraw": policies.may_withdraw(request.user, one),
        "crumbs": [
            {"label": _("Limits and plans"), "url": reverse("monitoring:limits")},
            {"label": one.segment},
        ],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "monitoring/proposal.html", context, status=status)


def _answer(request: HttpRequest, one: Any, note: str) -> None:
    act, now = request.POST.get("act"), timezone.now()
    if act == "approve":
        services.approve(actor=request.user, one=one, now=now)
    elif act == "withdraw":
        services.withdraw(actor=request.user, one=one, now=now)
    else:
        services.refuse(actor=request.user, one=one, note=note, now=now)


def _proposed(request: HttpRequest, form: Any, propose: Any, title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            propose(actor=request.user, asked=form.asked(), now=timezone.now())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("It is proposed; another person answers."))
            return redirect("monitoring:limits")
    crumbs = [
        {"label": _("Limits and plans"), "url": reverse("monitoring:limits")},
        {"label": title},
    ]
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "title": title, "crumbs": crumbs}
    return render(request, "monitoring/propose.html", context, status=status)


def _waiting_first(rows: Any) -> list[Any]:
    return sorted(rows[:_MOST], key=lambda one: one.status != "proposed")


def _row(one: Limit | RetrainingPlan) -> dict[str, Any]:
    return _limit(one) if isinstance(one, Limit) else _plan(one)


def _plan(one: RetrainingPlan) -> dict[str, Any]:
    return {
        "one": one,
        "trained": model_words.kind(one.kind),
        "state": page.PROPOSALS[one.status],
    }


def _limit(one: Limit) -> dict[str, Any]:
    return {
        "one": one,
        "name": wording.measure(one.measure),
        "definition": wording.DEFINITIONS[one.measure],
        "level": page.LEVELS[one.level],
        "span": wording.SPANS[one.span],
        "bound": wording.value(one.measure, float(one.bound)),
        "state": page.PROPOSALS[one.status],
    }
