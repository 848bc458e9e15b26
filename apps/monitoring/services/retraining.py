"""Begin the trainings that a plan asks for; each ends as a candidate, and decides nothing."""

from datetime import date, datetime

import structlog
from django.db import transaction

from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import DomainError
from apps.governance import services as governance
from apps.governance.services import Window
from apps.monitoring import measures, outcomes, selectors, spans
from apps.monitoring.models import Incident, Retraining, RetrainingPlan
from apps.monitoring.spans import Span
from apps.scoring.models import ModelVersion

logger = structlog.get_logger(__name__)
_ACTOR = audit.system("monitoring")
_Cause = Retraining.Cause


@transaction.atomic
def begin_due(*, model: ModelVersion, now: datetime) -> Retraining | None:
    """Ask for a training of a champion's segment where its plan says so, at most once a month.

    Drift goes before the calendar. It is asked for in the name of who proposed the plan; where
    they may not train any more, nothing begins, and the log says so.
    """
    ModelVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=model.pk)
    today = now.date()
    month = spans.first(Span.MONTH, today)
    plan = selectors.plan_in_force(model.segment, today)
    if plan is None or Retraining.objects.filter(model=model, month=month).exists():
        return None
    incident = _drift(plan, model)
    if incident is None and not _is_due(plan, model, month):
        return None
    return _begun(plan, model, month, incident=incident, now=now)


def _drift(plan: RetrainingPlan, model: ModelVersion) -> Incident | None:
    """Return the oldest breach of drift that lasts and that no training has followed yet.

    One that stood when the plan was approved is a cause as well, unless people called it a false
    alarm.
    """
    if not plan.on_drift:
        return None
    rows = Incident.objects.filter(
        model=model,
        measure__in=measures.DRIFT,
        span=Span.MONTH,
        over_from=None,
        retrainings=None,
    ).exclude(level=measures.Level.INFORM)
    rows = rows.exclude(decision=Incident.Decision.FALSE_ALARM)
    # Several features that drift together are one cause, not a training each.
    answered = Retraining.objects.filter(model=model, cause=_Cause.DRIFT).order_by("-begun_at")
    last = answered.values_list("begun_at", flat=True).first()
    for incident in rows.order_by("raised_at", "pk"):
        if last is None or _told_first(incident) > last:
            return incident
    return None


def _told_first(incident: Incident) -> datetime:
    """Return when a breach was first told: each newer version of its limit raises it anew."""
    before: Incident | None = incident
    while before is not None:
        first = before
        before = Incident.objects.filter(
            model=first.model_id,
            measure=first.measure,
            level=first.level,
            span=first.span,
            subject=first.subject,
            over_from=first.start,
            last_start__lt=first.start,
        ).first()
    return first.raised_at


def _is_due(plan: RetrainingPlan, model: ModelVersion, month: date) -> bool:
    if not plan.every_months:
        return False
    rows = Retraining.objects.filter(model=model).order_by("-month")
    last = rows.values_list("month", flat=True).first()
    if last is None:
        promoted = model.promoted_at
        since = plan.effective_from if promoted is None else promoted.date()
        last = spans.first(Span.MONTH, max(since, plan.effective_from))
    return month >= dates.add_months(last, plan.every_months)


def _begun(
    plan: RetrainingPlan,
    model: ModelVersion,
    month: date,
    *,
    incident: Incident | None,
    now: datetime,
) -> Retraining | None:
    # The newest loans whose outcome is known; the newest share of them is held out for the report.
    until = dates.add_months(month, -outcomes.WINDOW_MONTHS)
    window = Window(from_date=dates.add_months(until, -plan.window_months), to_date=until)
    try:
        with transaction.atomic():
            request = governance.request_training(
                actor=plan.proposed_by, segment=plan.segment, window=window, kind=plan.kind, now=now
            )
    except DomainError as refusal:
        logger.warning("retraining_refused", segment=plan.segment, code=refusal.code)
        return None
    made = Retraining(
        plan=plan,
        model=model,
        month=month,
        cause=_Cause.CALENDAR if incident is None else _Cause.DRIFT,
        incident=incident,
        request=request,
        begun_at=now,
    )
    made.save()
    audit.record(
        _ACTOR,
        "monitoring.retraining_begun",
        made,
        segment=plan.segment,
        cause=made.cause,
        request=str(request.pk),
        developer=str(plan.proposed_by_id),
    )
    return made
