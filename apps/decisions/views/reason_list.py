"""The managed list of reasons: read it, propose for it, and decide on what another proposed."""

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

from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.decisions import reason_forms, reason_list, services
from apps.decisions.models import ListedReason


@requires(reason_list.READ)
@require_GET
def reasons(request: HttpRequest) -> HttpResponse:
    """Show every reason of the list by kind, what is proposed, and what ended."""
    rows = [_row(request, row) for row in reason_list.rows(request.user)]
    waiting = [one for one in rows if one["reason"].status in ("proposed", "ending")]
    past = [one for one in rows if one["reason"].status in ("ended", "refused")]
    kinds = [
        (label, [one for one in rows if one["reason"].kind == kind and _is_given(one["reason"])])
        for kind, label in ListedReason.Kind.choices
    ]
    context = {
        "waiting": waiting,
        "kinds": [(label, found) for label, found in kinds if found],
        "past": past,
        "may_propose": request.user.has_perm(reason_list.PROPOSE),
    }
    return render(request, "decisions/reasons.html", context)


@requires(reason_list.PROPOSE)
@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a reason for the list."""
    form = reason_forms.ReasonForm(request.POST or None, actor=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            services.propose_reason(actor=request.user, entry=form.entry(), now=timezone.now())
        except NotPermitted:
            raise
        except DomainError as refusal:
            form.refuse(dict(refusal.fields) or {"code": str(refusal)})
        else:
            messages.success(request, _("The reason is proposed; another person decides on it."))
            return redirect("decisions:reasons")
    context = {
        "form": form,
        "crumbs": [
            {"label": _("Reason codes"), "url": reverse("decisions:reasons")},
            {"label": _("Propose a reason")},
        ],
    }
    return render(request, "decisions/reason_propose.html", context, status=_status(form))


@requires(reason_list.APPROVE)
@require_POST
def list_reason(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """List what another person proposed."""
    done = _("The reason is on the list.")
    return _act(request, pk, services.list_reason, done, now=timezone.now())


@requires(reason_list.APPROVE)
@require_POST
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse what another person proposed."""
    return _act(
        request,
        pk,
        services.refuse_reason,
        _("The proposal is refused."),
        form=reason_forms.RefuseForm(request.POST),
        now=timezone.now(),
    )


@requires(reason_list.PROPOSE)
@require_POST
def ask_end(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask that a reason ends."""
    done = _("Another person decides whether the reason ends.")
    return _act(request, pk, services.ask_reason_end, done, form=reason_forms.EndForm(request.POST))


@requires(reason_list.APPROVE)
@require_POST
def end(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End a reason as another person asked."""
    return _act(request, pk, services.end_reason, _("The reason ends after its last day."))


@requires(reason_list.APPROVE)
@require_POST
def keep(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Keep a reason that was to end."""
    return _act(request, pk, services.keep_reason, _("The reason stays on the list."))


def _act(
    request: HttpRequest,
    pk: uuid.UUID,
    service: Callable[..., ListedReason],
    done: str,
    *,
    form: Any = None,
    **known: Any,
) -> HttpResponse:
    reason = get_visible(ListedReason.objects.all(), request.user, pk=pk)
    if form is not None and not form.is_valid():
        sentences = [error for found in form.errors.values() for error in found]
        messages.error(request, " ".join(str(one) for one in sentences))
        return redirect("decisions:reasons")
    given = form.cleaned_data if form is not None else {}
    try:
        service(actor=request.user, reason=reason, **given, **known)
    except DomainError as refusal:
        messages.error(
            request, " ".join(str(one) for one in refusal.fields.values()) or str(refusal)
        )
    else:
        messages.success(request, done)
    return redirect("decisions:reasons")


def _row(request: HttpRequest, row: ListedReason) -> dict[str, Any]:
    actor = request.user
    return {
        "reason": row,
        "words": reason_list.words(reason_list.as_pure(row)),
        "may_answer": reason_list.may_answer(actor, row),
        "may_ask_end": reason_list.may_ask_end(actor, row),
        "may_end": reason_list.may_end(actor, row),
        "end_form": reason_forms.EndForm(auto_id=f"id_{row.code}_%s"),
        "refuse_form": reason_forms.RefuseForm(auto_id=f"id_{row.code}_%s"),
    }


def _is_given(row: ListedReason) -> bool:
    return row.status in ("listed", "ending")


def _status(form: Any) -> int:
    return 422 if form.errors else 200
