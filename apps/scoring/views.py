"""Pages of models: which decide where, and what each one is."""

import uuid
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.scoring import champion, model_card, points, selectors
from apps.scoring.errors import ModelUnusable
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
    found = selectors.models().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such model."))
    crumbs = [
        {"label": _("Models"), "url": reverse("scoring:models")},
        {"label": str(found), "url": ""},
    ]
    context = {
        "model": found,
        "card": model_card.of_manifest(found.manifest),
        "crumbs": crumbs,
        **_points(found),
    }
    return render(request, "scoring/model.html", context)


def _points(found: ModelVersion) -> dict[str, Any]:
    """Return the table of points of a scorecard, or why there is none; nothing for other kinds."""
    if found.kind != "scorecard":
        return {}
    try:
        return {"sheet": points.sheet(champion.scorer_of(found))}
    except ModelUnusable as error:
        return {"no_sheet": error.sentence}
