"""What lies beside a policy version or a model; a part of that version's or promotion's page."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.decisions import selectors as decisions
from apps.laboratory import listing, policies, presentation
from apps.laboratory.models import Evidence
from apps.scoring import selectors as scoring


@requires(policies.SEE)
@require_GET
def of_policy(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what lies beside a policy version."""
    version = decisions.policy_versions(request.user).filter(pk=pk).first()
    if version is None:
        raise NotVisible("not_found", _("There is no such policy."))
    asked = {"lender": version.entity.code, "policy": version.pk}
    words = {
        "about": str(version),
        "empty": _("No experiment is attached to this version yet."),
        "otherwise": _("This experiment tried something else than this version as it read then."),
        "ask": _("Try this version on past applications"),
    }
    laid = listing.evidence_of(actor=request.user, policy=version)
    return _part(request, laid, words, asked=asked, case={"policy": version.pk})


@requires(policies.SEE)
@require_GET
def of_model(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what lies beside a model."""
    model = scoring.models().filter(pk=pk).first()
    if model is None:
        raise NotVisible("not_found", _("There is no such model."))
    words = {
        "about": str(model),
        "empty": _("No experiment is attached to this model yet."),
        "ask": _("Try this model on past applications"),
    }
    laid = listing.evidence_of(actor=request.user, model=model)
    return _part(request, laid, words, asked={"model": model.pk}, case={"model": model.pk})


def _part(
    request: HttpRequest,
    laid: QuerySet[Evidence],
    words: dict[str, str],
    *,
    asked: dict[str, Any],
    case: dict[str, Any],
) -> HttpResponse:
    context: dict[str, Any] = {
        "words": words,
        "lines": [presentation.evidence_line(one) for one in laid],
        "may_run": request.user.has_perm(policies.RUN),
        "ask_url": f"{reverse('laboratory:ask')}?{urlencode(asked)}",
        "case_url": f"{reverse('laboratory:sandbox')}?{urlencode(case)}",
    }
    if getattr(request, "htmx", False):
        return render(request, "laboratory/_evidence.html", context)
    context["crumbs"] = [presentation.crumb_of_experiments(), {"label": words["about"]}]
    return render(request, "laboratory/evidence.html", context)
