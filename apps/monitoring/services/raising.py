"""Hold readings beside the limits in force: raise, carry on and end incidents, each told once."""

from collections.abc import Sequence
from datetime import date, datetime

import structlog
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import jobs
from apps.core.errors import DomainError
from apps.decisions import services as decisions
from apps.monitoring import deciding, selectors
from apps.monitoring.measures import Reading
from apps.monitoring.models import Incident, IncidentDelivery, Limit
from apps.monitoring.spans import Span
from apps.products.models import Product
from apps.scoring.models import ModelVersion

logger = structlog.get_logger(__name__)
_ACTOR = audit.system("monitoring")
_Channel = IncidentDelivery.Channel


def compare(
    *, model: ModelVersion, span: Span, start: date, readings: Sequence[Reading], now: datetime
) -> list[Incident]:
    """Raise an incident for each reading beyond a limit; return those that are new.

    Of a breach there is one incident until the measure was within the limit again, whoever closed
    it meanwhile. A limit of another version judges anew, and the end of the watch ends what stood.
    What a later span has told already is not told by an earlier one measured late.
    """
    raised = []
    for limit in selectors.limits_in_force(model.segment, start).filter(span=span):
        if not limit.is_watched:
            for standing in _of_limit(model, limit).filter(over_from=None, last_start__lt=start):
                _end(standing, start)
            continue
        for reading in readings:
            if reading.measure != limit.measure:
                continue
            made = _compared(model, limit, reading, start=start, now=now)
            raised += [made] if made else []
    return raised


def _compared(
    model: ModelVersion, limit: Limit, reading: Reading, *, start: date, now: datetime
) -> Incident | None:
    same = _of_limit(model, limit).filter(subject=reading.subject)
    if same.filter(last_start__gte=start).exists():
        return None
    standing = same.filter(over_from=None).first()
    is_beyond = reading.is_beyond(float(limit.bound))
    if standing is not None and standing.limit_id == limit.pk:
        _follow(standing, reading, start, is_beyond=is_beyond)
        return None
    if standing is not None:
        _end(standing, start)
    return _raised(model, limit, reading, start=start, now=now) if is_beyond else None


def _of_limit(model: ModelVersion, limit: Limit) -> "QuerySet[Incident]":
    """Return the incidents of a model that this limit, or another version of it, raised."""
    return Incident.objects.filter(
        model=model, measure=limit.measure, level=limit.level, span=limit.span
    )


def _follow(standing: Incident, reading: Reading, start: date, *, is_beyond: bool) -> None:
    standing.last_start, standing.last_value = start, reading.value
    standing.save(update_fields=["last_start", "last_value", "updated_at"])
    if not is_beyond:
        _end(standing, start)


def _end(standing: Incident, start: date) -> None:
    standing.over_from = start
    standing.save(update_fields=["over_from", "updated_at"])
    audit.record(
        _ACTOR, "monitoring.incident_over", standing, measure=standing.measure, start=str(start)
    )


def _raised(
    model: ModelVersion, limit: Limit, reading: Reading, *, start: date, now: datetime
) -> Incident:
    made = Incident.objects.create(
        model=model,
        limit=limit,
        measure=limit.measure,
        level=limit.level,
        span=limit.span,
        subject=reading.subject,
        bound=limit.bound,
        start=start,
        value=reading.value,
        last_start=start,
        last_value=reading.value,
        raised_at=now,
        stopped_automation=limit.stops and _stopped(model, limit, now),
    )
    audit.record(
        _ACTOR,
        "monitoring.incident_raised",
        made,
        model=str(model),
        measure=made.measure,
        level=made.level,
        about=made.subject,
        start=str(start),
        value=made.value,
        bound=str(made.bound),
        stopped_automation=made.stopped_automation,
    )
    channels = [_Channel.EMAIL, *([_Channel.WEBHOOK] if limit.webhook_url else [])]
    for channel in channels:
        queued = IncidentDelivery.objects.create(incident=made, channel=channel, next_try_at=now)
        jobs.enqueue("monitoring.deliver", delivery_id=str(queued.pk))
    return made


def _stopped(model: ModelVersion, limit: Limit, now: datetime) -> bool:
    """Stop automated decisions of the lenders that decide by the model, as the limit says.

    In the name of who answers for the limit, by their own rights: what they may not stop stays,
    and the incident asks people to. A model that decides no more stops nothing of the one that
    does. Say whether all of them are stopped.
    """
    if not deciding.decides_until_commit(model, now=now):
        return False
    owner: User = limit.owner
    reason = _("%(measure)s of the model %(model)s went beyond the limit that stops it.") % {
        "measure": limit.measure,
        "model": model,
    }
    products = Product.objects.filter(scoring_segment=model.segment)
    lenders = Entity.objects.filter(pk__in=products.order_by().values("entity"))
    stopped = 0
    for lender in lenders:
        try:
            decisions.stop_automation(actor=owner, entity=lender, reason=str(reason), now=now)
        except DomainError as refusal:
            logger.warning("automation_not_stopped", lender=lender.code, code=refusal.code)
        else:
            stopped += 1
    return bool(stopped) and stopped == len(lenders)
