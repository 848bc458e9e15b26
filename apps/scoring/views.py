"""Pages of models: which decide where, and what each one is."""

import uuid
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core import problems
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.scoring import champion, model_card, points, policies, selectors, services
from apps.scoring.errors import ModelUnusable
from apps.scoring.forms import RollBackForm
from apps.scoring.models import ModelVersion


@requires("scoring.view_model")
def models(request: HttpRequest) -> HttpResponse:
    """List every model by segment, the champion marked."""
    counts = selectors.scores_by_model()
    segments = []
    for segment, versions in groupby(selectors.models(), key=lambda one: one.segment):
        rows = [
            {
                "model": version,
                "auc": model_card.headline(version.manifest, "auc"),
                "scores": counts.get(version.pk, 0),
            }
            for version in versions
        ]
        segments.append({"name": segment, "rows": rows})
    return render(request, "scoring/models.html", {"segments": segments})


@requires("scoring.view_model")
def model(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one model: its figures, what it looks at, its hash and the people behind it."""
    return _page(request, pk, RollBackForm())


@requires(policies.ROLL_BACK)
@require_POST
def roll_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let the champion before this one decide again."""
    form = RollBackForm(request.POST)
    if form.is_valid():
        try:
            earlier = services.roll_back(
                actor=request.user,
                model=_found(pk),
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
            messages.success(
                request,
                _("%(model)s decides again from the next application on.") % {"model": earlier},
            )
            return redirect("scoring:model", pk=earlier.pk)
        except NotPermitted:
            raise
        except DomainError as error:
            problems.add_to(form, error)
    return _page(request, pk, form)


def _found(pk: uuid.UUID) -> ModelVersion:
    found = selectors.models().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such model."))
    return found


def _page(request: HttpRequest, pk: uuid.UUID, form: RollBackForm) -> HttpResponse:
    found = _found(pk)
    before = selectors.reign_before(found)
    crumbs = [
        {"label": _("Models"), "url": reverse("scoring:models")},
        {"label": str(found), "url": ""},
    ]
    context = {
        "model": found,
        "card": model_card.of_manifest(found.manifest),
        "crumbs": crumbs,
        "reigns": selectors.reigns(found.segment).filter(model=found),
        "placements": selectors.placements().filter(model=found),
        "before": before,
        "may_roll_back": before is not None and policies.may_restore(request.user, before.model),
        "form": form,
        **_points(found),
    }
    status = 422 if form.errors else 200
    return render(request, "scoring/model.html", context, status=status)


def _points(found: ModelVersion) -> dict[str, Any]:
    """Return the table of points of a scorecard, or why there is none; nothing for other kinds."""
    if found.kind != "scorecard":
        return {}
    try:
        return {"sheet": points.sheet(champion.scorer_of(found))}
    except ModelUnusable as error:
        return {"no_sheet": error.sentence}
