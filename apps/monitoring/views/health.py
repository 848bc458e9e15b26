"""How the models that decide do: all of them, one, and one's features and segments."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.monitoring import deciding, page, policies, selectors
from apps.monitoring.models import Figures
from apps.monitoring.spans import Span
from apps.portfolio.views.shared import table_file
from apps.scoring import feature_words
from apps.scoring.models import ModelVersion

_POPULATION, _OUTCOMES, _GROUPS = (
    Figures.Kind.POPULATION,
    Figures.Kind.OUTCOMES,
    Figures.Kind.GROUPS,
)


@require_GET
@requires(policies.SEE)
def champions(request: HttpRequest) -> HttpResponse:
    """List the models that are watched with how each stands."""
    now = timezone.now()
    shares = deciding.shares(now=now)
    rows = []
    for model in ModelVersion.objects.defer("body", "manifest").filter(
        pk__in=selectors.watched(now=now)
    ):
        last = selectors.figures(model, Span.MONTH, _POPULATION, limit=1)
        rows.append(
            {
                "model": model,
                "part": page.part(model, shares),
                "look": _health(model, last),
                "month": _last(last),
            }
        )
    rows.sort(key=lambda row: (row["model"].segment, -row["model"].number))
    return render(request, "monitoring/champions.html", {"rows": rows})


@require_GET
@requires(policies.SEE)
def model(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one model: health, time lines, features, segments, groups, incidents."""
    found = _model(pk)
    span = _span(request)
    population = selectors.figures(found, span, _POPULATION)
    outcomes = selectors.figures(found, Span.MONTH, _OUTCOMES, limit=1)
    groups = selectors.figures(found, Span.MONTH, _GROUPS, limit=1)
    last = population[-1].facts if population else None
    known = outcomes[-1].facts if outcomes else None
    today = timezone.now().date()
    context = {
        "model": found,
        "subtitle": f"{found} · {page.part(found, deciding.shares(now=timezone.now()))}",
        "crumbs": _crumbs(found)[:1],
        "look": _health(found, population),
        "span": span,
        "months": page.months(population),
        "features": page.features(last),
        "undescribed": last is not None and page.is_undescribed(last),
        "segments": [
            {"by": by, "title": title, "rows": page.segments(last, by)}
            for by, title in _segments_by().items()
        ],
        "vintages": page.vintages(known),
        "early": [] if known is None else known["early"],
        "groups": groups[-1].facts["attributes"] if groups else [],
        "charts": {
            "stability": page.stability_chart(population),
            "decisions": page.decision_chart(population),
            "auc": page.auc_chart(known),
        },
        "incidents": [
            page.incident(one) for one in selectors.incidents().filter(model=found)[:_MOST]
        ],
        "limits": selectors.limits_in_force(found.segment, today),
        "plan": selectors.plan_in_force(found.segment, today),
    }
    return render(request, "monitoring/model.html", context)


@require_GET
@requires(policies.SEE)
def model_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the figures of a model by day or month as a file."""
    found, span = _model(pk), _span(request)
    rows = selectors.figures(found, span, _POPULATION, limit=10_000)
    return table_file(page.table(rows), f"{found.segment}-v{found.number}-{span}.csv")


@require_GET
@requires(policies.SEE)
def feature(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    """Show one feature: how its values lie beside training, and how it moved over time."""
    found = _model(pk)
    span = _span(request)
    population = selectors.figures(found, span, _POPULATION)
    known = found.manifest.get("baseline", {}).get("features", {})
    if name not in known or any(one.facts["counts"] is None for one in population[-1:]):
        raise NotVisible("not_found", _("The model looks at no such feature."))
    rows = [
        {**shift, "name": month["name"]}
        for month, one in zip(page.months(population), reversed(population), strict=True)
        for shift in page.features(one.facts)
        if shift["name"] == name
    ]
    counts = population[-1].facts["counts"]["features"][name][0] if population else []
    label = feature_words.FEATURES.get(name, name)
    context = {
        "model": found,
        "name": name,
        "label": label,
        "span": span,
        "rows": rows,
        "bins": page.bins(known[name], counts) if counts else [],
        "crumbs": [*_crumbs(found), {"label": label}],
    }
    return render(request, "monitoring/feature.html", context)


@require_GET
@requires(policies.SEE)
def segment(request: HttpRequest, pk: uuid.UUID, by: str, code: str) -> HttpResponse:
    """Show what was decided of one product or branch over time."""
    found, span = _model(pk), _span(request)
    if by not in _segments_by():
        raise NotVisible("not_found", _("There is no such segment."))
    population = selectors.figures(found, span, _POPULATION)
    rows = [
        {**row, "name": month["name"]}
        for month, one in zip(page.months(population), reversed(population), strict=True)
        for row in page.segments(one.facts, by)
        if row["code"] == code
    ]
    if not rows:
        raise NotVisible("not_found", _("There is no such segment."))
    context = {
        "model": found,
        "title": f"{_segments_by()[by]}: {code}",
        "rows": rows,
        "span": span,
        "crumbs": [*_crumbs(found), {"label": code}],
    }
    return render(request, "monitoring/segment.html", context)


_MOST = 20


def _segments_by() -> dict[str, str]:
    return {"product": _("Product"), "branch": _("Branch")}


def _model(pk: uuid.UUID) -> ModelVersion:
    found = ModelVersion.objects.defer("body").filter(deciding.ever(), pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such model that decides or did."))
    return found


def _span(request: HttpRequest) -> Span:
    return Span.DAY if request.GET.get("span") == Span.DAY else Span.MONTH


def _health(model: ModelVersion, population: list[Figures]) -> Any:
    today = timezone.now().date()
    return page.health(
        last=population[-1] if population else None,
        watched=selectors.limits_in_force(model.segment, today).filter(is_watched=True).exists(),
        undecided=list(selectors.undecided(model)),
        accepted=selectors.decided_and_lasting(model).exists(),
    )


def _last(population: list[Figures]) -> dict[str, Any] | None:
    return page.months(population)[0] if population else None


def _crumbs(model: ModelVersion) -> list[dict[str, Any]]:
    return [
        {"label": _("Health of models"), "url": reverse("monitoring:champions")},
        {"label": str(model), "url": reverse("monitoring:model", args=[model.pk])},
    ]
