"""The switch of automated decisions: its state, its history, and who may move it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.decisions import automation, services
from apps.decisions.automation_forms import RestartForm, StopForm
from apps.decisions.models import AutomationStop

_HISTORY_ROWS = 50


@requires(automation.READ)
@require_GET
def switch(request: HttpRequest) -> HttpResponse:
    """Show whose automated decisions are stopped and why, and every stop before."""
    return _page(request)


@requires(automation.STOP)
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop automated decisions at once."""
    form = _stop_form(request.user, request.POST)
    if form.is_valid():
        services.stop_automation(
            actor=request.user,
            entity=form.entity(),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
        messages.success(request, _("Automated decisions are stopped. Every case goes to people."))
        return redirect("decisions:automation")
    return _page(request, stop_form=form, status=422)


@requires(automation.STOP)
@require_POST
def ask_restart(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask that automated decisions start again."""
    found = _stop(request, pk)
    form = RestartForm(request.POST, prefix=str(pk))
    if not form.is_valid():
        return _page(request, restart_form=(pk, form), status=422)
    return _act(
        request,
        services.ask_restart,
        _("Asked for. Automated decisions start again when another person confirms."),
        stop=found,
        note=form.cleaned_data["note"],
        now=timezone.now(),
    )


@requires(automation.RESTART)
@require_POST
def restart(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Confirm another person's request."""
    done = _("Automated decisions run again, from the next case on.")
    now = timezone.now()
    return _act(request, services.restart_automation, done, stop=_stop(request, pk), now=now)


@requires(automation.STOP)
@require_POST
def keep_stopped(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Turn a request down."""
    done = _("Automated decisions stay stopped.")
    return _act(request, services.keep_stopped, done, stop=_stop(request, pk))


def _act(
    request: HttpRequest, service: Callable[..., AutomationStop], done: str, **known: Any
) -> HttpResponse:
    try:
        service(actor=request.user, version=request.POST.get("version", ""), **known)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("decisions:automation")


def _page(
    request: HttpRequest,
    *,
    stop_form: StopForm | None = None,
    restart_form: tuple[uuid.UUID, Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = request.user
    history = list(automation.stops(actor)[:_HISTORY_ROWS])
    standing = list(automation.standing(actor))
    context = {
        "rows": [_row(actor, one, restart_form) for one in standing],
        "running": _running(actor, standing),
        "history": history,
        "may_stop": actor.has_perm(automation.STOP),
        "stop_form": stop_form or _stop_form(actor),
    }
    return render(request, "decisions/automation.html", context, status=status)


def _row(
    actor: User, stop: AutomationStop, bound: tuple[uuid.UUID, Form] | None
) -> dict[str, object]:
    is_bound = bound is not None and bound[0] == stop.pk
    return {
        "stop": stop,
        "is_own": stop.asked_by_id == actor.pk,
        "may_restart": automation.may_restart(actor, stop.entity),
        "may_stop": automation.may_stop(actor, stop.entity),
        "form": bound[1] if is_bound and bound else RestartForm(prefix=str(stop.pk)),
    }


def _running(actor: User, standing: list[AutomationStop]) -> list[str]:
    """Return the names of the lenders whose machine decides."""
    if any(one.entity is None for one in standing):
        return []
    stopped = {one.entity_id for one in standing}
    return [one.name for one in automation.lenders(actor) if one.pk not in stopped]


def _stop_form(actor: User, data: Any = None) -> StopForm:
    return StopForm(
        data,
        lenders=automation.lenders(actor),
        may_stop_all=automation.may_stop(actor, None),
    )


def _stop(request: HttpRequest, pk: uuid.UUID) -> AutomationStop:
    found = automation.stops(request.user).filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such stop."))
    return found
