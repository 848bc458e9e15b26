"""The credit policy, readable: every rule as a sentence, every band, what a version changes."""

import uuid
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.decisions import policy_forms, policy_page, policymaking, selectors
from apps.decisions.models import PolicyVersion
from apps.decisions.services import lettering


@requires(policymaking.READ)
@require_GET
def policies(request: HttpRequest) -> HttpResponse:
    """List the policy versions of each lender, the one in force marked."""
    now = timezone.now()
    lenders = []
    for entity, versions in groupby(
        selectors.policy_versions(request.user), key=lambda version: version.entity
    ):
        today = lettering.local_date(entity, now)
        found = list(versions)
        in_force = next((one for one in found if _decides(one, today)), None)
        rows = [
            {"version": one, "state": policy_page.state_of(one, in_force, today)} for one in found
        ]
        lenders.append({"entity": entity, "rows": rows, "in_force": in_force})
    context = {
        "lenders": lenders,
        "without": policymaking.lenders_without(request.user),
        "may_draft": request.user.has_perm(policymaking.DRAFT),
    }
    return render(request, "decisions/policies.html", context)


@requires(policymaking.READ)
@require_GET
def policy(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one version: its rules and bands in words, and what it changes of another."""
    return show(request, visible(request, pk))


def show(
    request: HttpRequest,
    version: PolicyVersion,
    *,
    propose_form: Any = None,
    note_form: Any = None,
    take_back_form: Any = None,
) -> HttpResponse:
    """Show a version with what the person may do; the forms carry what was refused."""
    forms = (propose_form, note_form, take_back_form)
    refused = any(form is not None and form.errors for form in forms)
    now = timezone.now()
    today = lettering.local_date(version.entity, now)
    in_force = selectors.policy_in_force(version.entity, today)
    rights = _rights(request, version, today)
    earliest = policymaking.earliest_day(version.entity, today)
    is_in_work = version.status in ("draft", "proposed")
    faults = policy_page.faults(version.document, version.entity) if is_in_work else []
    context = {
        "version": version,
        "page": policy_page.of_version(version),
        "state": policy_page.state_of(version, in_force, today),
        "faults": faults,
        "is_sound": not any(not one.is_warning for one in faults),
        "propose_form": propose_form or policy_forms.ProposeForm(earliest=earliest),
        "note_form": note_form or policy_forms.NoteForm(),
        "take_back_form": take_back_form or policy_forms.NoteForm(),
        "earliest": earliest,
        **rights,
        "stray_refusals": _stray_refusals(rights, *forms),
        **_beside(request, version, in_force),
        "crumbs": [*crumbs(), {"label": str(version), "url": ""}],
    }
    return render(request, "decisions/policy.html", context, status=422 if refused else 200)


def visible(request: HttpRequest, pk: uuid.UUID) -> PolicyVersion:
    """Return the version, or raise NotVisible."""
    version = selectors.policy_versions(request.user).filter(pk=pk).first()
    if version is None:
        raise NotVisible("not_found", _("There is no such policy."))
    return version


def crumbs() -> list[dict[str, str]]:
    """Return the way to the list of versions."""
    return [{"label": _("Credit policy"), "url": reverse("decisions:policies")}]


def _rights(request: HttpRequest, version: PolicyVersion, today: date) -> dict[str, bool]:
    actor = request.user
    return {
        "may_draft": actor.has_perm(policymaking.DRAFT),
        "may_edit": policymaking.may_edit(actor, version),
        "may_propose": policymaking.may_propose(actor, version),
        "may_approve": policymaking.may_approve(actor, version),
        "may_withdraw": policymaking.may_withdraw(actor, version),
        "may_take_back": policymaking.may_take_back(actor, version, today),
        "is_own": version.status == "proposed"
        and actor.has_perm(policymaking.APPROVE)
        and policymaking.is_own(actor, version),
    }


def _stray_refusals(
    rights: dict[str, bool], propose_form: Any, note_form: Any, take_back_form: Any
) -> list[str]:
    """Return what was refused of a form that the person is not shown any more.

    So it is with a page that stood open while somebody else moved the version on.
    """
    shown = {
        propose_form: rights["may_propose"],
        note_form: rights["may_approve"] or rights["may_withdraw"],
        take_back_form: rights["may_take_back"],
    }
    return [
        str(sentence)
        for form, is_shown in shown.items()
        if form is not None and not is_shown
        for sentences in form.errors.values()
        for sentence in sentences
    ]


def _beside(
    request: HttpRequest, version: PolicyVersion, in_force: PolicyVersion | None
) -> dict[str, Any]:
    """Return the version to compare with: the one asked for, else what this one follows."""
    others = list(
        selectors.policy_versions(request.user).filter(entity=version.entity).exclude(pk=version.pk)
    )
    asked = request.GET.get("against", "")
    other = next((one for one in others if str(one.pk) == asked), None)
    if other is None:
        other = _followed(version, others, in_force)
    found = None if other is None else policy_page.differences(version, other)
    return {"others": others, "other": other, "differences": found}


def _followed(
    version: PolicyVersion, others: list[PolicyVersion], in_force: PolicyVersion | None
) -> PolicyVersion | None:
    """Return what is in force; for what was approved, the one approved for a day before it."""
    if version.status != "approved" or version.effective_from is None:
        return next((one for one in others if one == in_force), None)
    earlier = [one for one in others if _decides(one, version.effective_from)]
    return earlier[0] if earlier else None


def _decides(version: PolicyVersion, day: Any) -> bool:
    begins = version.effective_from
    return version.status == "approved" and begins is not None and begins <= day
