"""What can be asked about how models do."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.monitoring import deciding, policies
from apps.monitoring.lifecycle import UNDECIDED
from apps.monitoring.models import Figures, Incident, Limit, RetrainingPlan
from apps.scoring.models import ModelVersion, ScoreRun

_HEAVY = ("model__body", "model__manifest")


# What decides no more is measured to its end and its last score, if that is not longer ago.
_LATELY = timedelta(days=62)


def watched(*, now: datetime) -> list[uuid.UUID]:
    """Return the models that are measured: champions and challengers, of now and of lately."""
    lately = ScoreRun.objects.filter(model=OuterRef("pk"), scored_at__gte=now - _LATELY)
    rows = ModelVersion.objects.filter(deciding.ever())
    decided = deciding.since(now - _LATELY, now=now)
    found = rows.filter(decided | Q(Exists(lately))).order_by("segment", "number")
    return list(found.values_list("pk", flat=True))


def facts(model: ModelVersion, span: str, start: date, kind: str) -> dict[str, Any] | None:
    """Return the facts of one span, None where it was not measured."""
    rows = Figures.objects.filter(model=model, span=span, start=start, kind=kind)
    found: dict[str, Any] | None = rows.values_list("facts", flat=True).first()
    return found


def figures(model: ModelVersion, span: str, kind: str, limit: int = 24) -> list[Figures]:
    """Return the last figures of a model, oldest first."""
    rows = Figures.objects.filter(model=model, span=span, kind=kind).order_by("-start")
    return list(rows[:limit])[::-1]


def limits_in_force(segment: str, day: date) -> "QuerySet[Limit]":
    """Return the limits of a segment that hold on a day: of each kind the newest approved one."""
    rows = Limit.objects.filter(segment=segment, status="approved", effective_from__lte=day)
    newest = rows.order_by("measure", "level", "span", "-effective_from")
    keys = newest.distinct("measure", "level", "span").values("pk")
    return Limit.objects.filter(pk__in=keys).select_related("owner").order_by("measure", "level")


def plan_in_force(segment: str, day: date) -> RetrainingPlan | None:
    """Return the plan of retraining that holds on a day, None where there is none."""
    rows = RetrainingPlan.objects.filter(
        segment=segment, status="approved", effective_from__lte=day
    )
    return rows.select_related("proposed_by").order_by("-effective_from").first()


def incidents() -> "QuerySet[Incident]":
    """Return all incidents with the model and the people behind them."""
    return Incident.objects.select_related(
        "model", "limit__owner", "acknowledged_by", "closed_by"
    ).defer(*_HEAVY)


def undecided(model: ModelVersion | None = None) -> "QuerySet[Incident]":
    """Return the incidents that nobody has closed, of one model or of all."""
    rows = incidents().filter(status__in=UNDECIDED)
    return rows if model is None else rows.filter(model=model)


def decided_and_lasting(model: ModelVersion) -> "QuerySet[Incident]":
    """Return the incidents of a model that people closed while the measure is beyond the limit."""
    return incidents().filter(model=model, status="closed", over_from=None)


def in_force_before(one: Limit | RetrainingPlan) -> Limit | RetrainingPlan | None:
    """Return what holds, or held, until a limit or plan takes its place; None where nothing."""
    rows: Any = (
        type(one)
        ._default_manager.filter(
            segment=one.segment, status="approved", effective_from__lte=one.effective_from
        )
        .exclude(pk=one.pk)
    )
    if isinstance(one, Limit):
        rows = rows.filter(measure=one.measure, level=one.level, span=one.span)
        rows = rows.select_related("owner")
    found: Limit | RetrainingPlan | None = rows.order_by("-effective_from").first()
    return found


def waiting_limits(actor: User) -> "QuerySet[Limit]":
    """Return the limits that another person proposed and this one may answer."""
    return _waiting(actor, Limit.objects.all())


def waiting_plans(actor: User) -> "QuerySet[RetrainingPlan]":
    """Return the plans that another person proposed and this one may answer."""
    return _waiting(actor, RetrainingPlan.objects.all())


def _waiting(actor: User, rows: "QuerySet[Any]") -> "QuerySet[Any]":
    if not actor.has_perm(policies.APPROVE):
        return rows.none()
    return rows.filter(status="proposed").exclude(proposed_by=actor)
