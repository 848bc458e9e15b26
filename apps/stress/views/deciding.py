"""What stress tests rest on: the list, one in full, and the steps of two people."""

import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.stress import policies, services, wording
from apps.stress.forms import NoteForm, TermsForm
from apps.stress.models import Terms
from apps.stress.reading import Kind


@require_GET
@requires(policies.VIEW)
def listed(request: HttpRequest) -> HttpResponse:
    """List scenarios, sensitivities and figures, the newest first."""
    found = Terms.objects.visible_to(request.user).select_related("entity", "proposed_by")
    context = {
        "rows": [_row(request, one) for one in found.order_by("-proposed_at", "-version")],
        "kinds": [(kind.value, name) for kind, name in wording.KINDS.items()],
        "may_propose": request.user.has_perm(policies.PROPOSE),
    }
    return render(request, "stress/terms.html", context)


@require_GET
@requires(policies.VIEW)
def one(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show terms in full, with the steps that are open to the person."""
    rows = Terms.objects.select_related("entity", "proposed_by", "answered_by")
    found = get_visible(rows, request.user, pk=pk)
    context = {**_row(request, found), "body": _written(found.body)}
    return render(request, "stress/one.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE)
def propose(request: HttpRequest, kind: str) -> HttpResponse:
    """Propose terms of a kind for one's lender; the form begins with a preset or those in force."""
    if kind not in set(Kind):
        raise Http404
    entity, of_kind = request.user.branch.entity, Kind(kind)
    form = TermsForm(request.POST or None, initial={"body": _written(_initial(request, of_kind))})
    return _form(
        request,
        form,
        title=_("Propose: %(kind)s") % {"kind": wording.KINDS[of_kind]},
        text=wording.KIND_TEXTS[of_kind],
        presets=_presets(of_kind),
        label=_("Propose"),
        act=lambda: services.propose_terms(
            actor=request.user, entity=entity, asked=form.asked(of_kind), now=timezone.now()
        ),
        said=_("The proposal waits for another person."),
    )


def _presets(kind: Kind) -> list[dict[str, str]]:
    """Return the scenarios that come with the program, as links to a form that begins with them."""
    if kind != Kind.SCENARIO:
        return []
    names = [one_["name"] for one_ in services.presets()]
    return [{"name": name, "query": urlencode({"name": name})} for name in names]


def _initial(request: HttpRequest, kind: Kind) -> Any:
    """Return what the form begins with: the terms or preset asked for, else the first."""
    entity = request.user.branch.entity
    wanted = request.GET.get("name", "")
    in_force = Terms.objects.in_force(entity, kind.value)
    for one_ in in_force:
        if kind != Kind.SCENARIO or one_.name == wanted:
            return one_.body
    presets = services.presets() if kind == Kind.SCENARIO else []
    named = [one_ for one_ in presets if one_["name"] == wanted]
    return named[0] if named else services.starting_point(kind)


@require_POST
@requires(policies.APPROVE)
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve what another person proposed."""
    return _taken(request, pk, services.approve_terms, said=_("Tests rest on this now."))


@require_POST
@requires(policies.PROPOSE)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back one's own proposal."""
    return _taken(request, pk, services.withdraw_terms, said=_("The proposal is taken back."))


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse what another person proposed, with a reason."""
    found = get_visible(Terms.objects.all(), request.user, pk=pk)
    form = NoteForm(request.POST or None)
    return _form(
        request,
        form,
        title=_("Refuse terms of stress tests"),
        text="",
        label=_("Refuse"),
        act=lambda: services.refuse_terms(
            actor=request.user, one=found, now=timezone.now(), **form.cleaned_data
        ),
        said=_("The proposal is refused."),
    )


def _row(request: HttpRequest, found: Terms) -> dict[str, Any]:
    word, tone, symbol = wording.STATES[found.status]
    return {
        "one": found,
        "kind": wording.KINDS[Kind(found.kind)],
        "look": {"word": word, "tone": tone, "symbol": symbol},
        "may_answer": policies.may_answer(request.user, found),
        "may_withdraw": policies.may_withdraw(request.user, found),
    }


def _written(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _taken(
    request: HttpRequest, pk: uuid.UUID, act: Callable[..., Terms], *, said: str
) -> HttpResponse:
    found = get_visible(Terms.objects.all(), request.user, pk=pk)
    try:
        act(actor=request.user, one=found, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
    else:
        messages.success(request, said)
    return redirect("stress:terms")


def _form(
    request: HttpRequest,
    form: Any,
    *,
    title: str,
    text: Any,
    label: str,
    act: Callable[[], Any],
    said: str,
    presets: Sequence[dict[str, str]] = (),
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            act()
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, said)
            return redirect("stress:terms")
    status = 422 if request.method == "POST" else 200
    context = {
        "form": form,
        "title": title,
        "text": text,
        "label": label,
        "presets": presets,
        "back": "stress:terms",
    }
    return render(request, "stress/act.html", context, status=status)
