"""Write a policy, propose it, and decide on what another person proposed."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import Entity
from apps.core import problems
from apps.core.access import requires
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible, StaleRecord
from apps.decisions import policy_editing, policy_forms, policy_sheet, policymaking, services
from apps.decisions.models import PolicyVersion
from apps.decisions.services import lettering
from apps.decisions.views import policies


@requires(policymaking.DRAFT)
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Begin a draft: a copy of the version named, or an empty one for a lender."""
    base = _base(request)
    entity = base.entity if base is not None else _lender(request)
    made = services.draft_policy(actor=request.user, entity=entity, base=base)
    return redirect("decisions:policy_edit", pk=made.pk)


@requires(policymaking.DRAFT)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write a draft in rows. Every button saves first, so that nothing typed is lost."""
    version = policies.visible(request, pk)
    if request.method == "GET":
        _require_editable(request, version)
        return _edit_page(request, version, version.document)
    written = policy_editing.document(dict(request.POST.lists()))
    written, anchor = policy_editing.changed(written, request.POST.get("do", ""))
    try:
        services.edit_policy(
            actor=request.user,
            policy=version,
            document=written,
            version=request.POST.get("version", ""),
        )
    except (NotPermitted, NotVisible):
        raise
    except StaleRecord:
        # What was typed stays on the page, also where another tab has written meanwhile.
        return _edit_page(request, version, written, refusal=_saved_elsewhere())
    except DomainError as refusal:
        return _edit_page(request, version, written, refusal=str(refusal))
    if request.POST.get("do") == "done":
        return redirect("decisions:policy", pk=pk)
    return redirect(f"{reverse('decisions:policy_edit', args=[pk])}#{anchor}")


@requires(policymaking.DRAFT)
@require_http_methods(["GET", "POST"])
def edit_document(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write a draft as JSON."""
    version = policies.visible(request, pk)
    shown = json.dumps(version.document, indent=2, ensure_ascii=False)
    form = policy_forms.DocumentForm(request.POST or None, initial={"document": shown})
    if request.method == "GET":
        _require_editable(request, version)
    elif form.is_valid():
        try:
            services.edit_policy(
                actor=request.user,
                policy=version,
                document=form.cleaned_data["document"],
                version=request.POST.get("version", ""),
            )
            return redirect("decisions:policy_edit", pk=pk)
        except (NotPermitted, NotVisible):
            raise
        except StaleRecord:
            form.add_error(None, _saved_elsewhere())
        except DomainError as refusal:
            problems.add_to(form, refusal)
    crumb = {"label": str(version), "url": reverse("decisions:policy_edit", args=[pk])}
    context = {
        "version": version,
        "form": form,
        "crumbs": [*policies.crumbs(), crumb, {"label": _("As JSON"), "url": ""}],
    }
    status = 422 if form.errors else 200
    return render(request, "decisions/policy_document.html", context, status=status)


@requires(policymaking.DRAFT)
@require_POST
def propose(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put a draft before an approver."""
    version, now = policies.visible(request, pk), timezone.now()
    today = lettering.local_date(version.entity, now)
    earliest = policymaking.earliest_day(version.entity, today)
    form = policy_forms.ProposeForm(request.POST, earliest=earliest)
    if not form.is_valid():
        return policies.show(request, version, propose_form=form)

    def act() -> PolicyVersion:
        return services.propose_policy(
            actor=request.user,
            policy=version,
            effective_from=form.cleaned_data["effective_from"],
            note=form.cleaned_data["note"],
            now=now,
            version=request.POST.get("version", ""),
        )

    done = _("The policy is proposed; another person decides on it.")
    return _moved(request, version, act, done=done, propose_form=form)


@requires(policymaking.APPROVE)
@require_POST
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve what another person proposed."""
    return _noted(
        request,
        pk,
        lambda version, given: services.approve_policy(
            actor=request.user, policy=version, now=timezone.now(), **given
        ),
        done=_("The policy is approved and decides from its day on."),
    )


@requires(policymaking.APPROVE)
@require_POST
def send_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send a proposal back to its author."""
    return _noted(
        request,
        pk,
        lambda version, given: services.send_back_policy(
            actor=request.user, policy=version, **given
        ),
        done=_("The policy is a draft again."),
    )


@requires(policymaking.DRAFT)
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take one's own draft or proposal off the table."""
    return _noted(
        request,
        pk,
        lambda version, given: services.withdraw_policy(
            actor=request.user, policy=version, **given
        ),
        done=_("The policy is withdrawn."),
    )


@requires(policymaking.APPROVE)
@require_POST
def take_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Withdraw an approved version before its day."""
    return _noted(
        request,
        pk,
        lambda version, given: services.take_back_policy(
            actor=request.user, policy=version, now=timezone.now(), **given
        ),
        done=_("The policy is withdrawn; it never decides."),
        form_name="take_back_form",
    )


def _noted(
    request: HttpRequest,
    pk: uuid.UUID,
    act: Callable[[PolicyVersion, dict[str, Any]], PolicyVersion],
    *,
    done: str,
    form_name: str = "note_form",
) -> HttpResponse:
    version, form = policies.visible(request, pk), policy_forms.NoteForm(request.POST)
    if not form.is_valid():
        return policies.show(request, version, **{form_name: form})
    given = {"note": form.cleaned_data["note"], "version": request.POST.get("version", "")}
    return _moved(request, version, lambda: act(version, given), done=done, **{form_name: form})


def _moved(
    request: HttpRequest,
    version: PolicyVersion,
    act: Callable[[], PolicyVersion],
    *,
    done: str,
    **refused: Any,
) -> HttpResponse:
    """Do it and say so, or show the version as it is now with the refusal beside its form."""
    try:
        act()
    except (NotPermitted, NotVisible):
        raise
    except DomainError as error:
        (form,) = refused.values()
        problems.add_to(form, error)
        return policies.show(request, policies.visible(request, version.pk), **refused)
    messages.success(request, done)
    return redirect("decisions:policy", pk=version.pk)


def _require_editable(request: HttpRequest, version: PolicyVersion) -> None:
    if version.status != "draft":
        raise Conflict("not_a_draft", _("Only a draft can be changed; copy this version instead."))
    if not policymaking.may_edit(request.user, version):
        raise NotPermitted(
            "not_author", _("Another person writes this draft; copy it into one of your own.")
        )


def _edit_page(
    request: HttpRequest, version: PolicyVersion, document: Any, *, refusal: str = ""
) -> HttpResponse:
    context = {
        "version": version,
        "refusal": refusal,
        "sheet": policy_sheet.of_document(version, document),
        "crumbs": [
            *policies.crumbs(),
            {"label": str(version), "url": reverse("decisions:policy", args=[version.pk])},
            {"label": _("Edit"), "url": ""},
        ],
    }
    status = 409 if refusal else 200
    return render(request, "decisions/policy_edit.html", context, status=status)


def _saved_elsewhere() -> str:
    return _(
        "This draft was saved from another page meanwhile. Save again to put what stands here in"
        " its place, or open the draft anew to see what was saved."
    )


def _base(request: HttpRequest) -> PolicyVersion | None:
    asked = request.POST.get("base", "")
    return policies.visible(request, _identity(asked)) if asked else None


def _lender(request: HttpRequest) -> Entity:
    found = Entity.objects.filter(pk=_identity(request.POST.get("entity", ""))).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such lender."))
    return found


def _identity(given: str) -> uuid.UUID:
    try:
        return uuid.UUID(given)
    except ValueError:
        raise NotVisible("not_found", _("There is no such policy.")) from None
