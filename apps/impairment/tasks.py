"""Work on expected credit loss that runs by itself."""

from datetime import date

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.core.jobs import enqueue
from apps.impairment import services

_ACTOR = audit.system("impairment")


@shared_task(name="impairment.measure_missing")
def measure_missing() -> int:
    """Have the last end of a month measured for every lender whose losses can be."""
    found = 0
    for entity in Entity.objects.order_by("code"):
        day = services.due(entity)
        if day is not None:
            enqueue("impairment.measure", entity_id=str(entity.pk), day=day.isoformat())
            found += 1
    return found


@shared_task(name="impairment.measure")
def measure(entity_id: str, day: str) -> None:
    """Estimate and measure a day of a lender; a second delivery finds both done."""
    entity, on, now = Entity.objects.get(pk=entity_id), date.fromisoformat(day), timezone.now()
    try:
        services.estimate(actor=_ACTOR, entity=entity, as_of=on, now=now)
    except Conflict as refusal:
        # A measurement that was cut off goes on by what was estimated for its own day.
        if refusal.code != "estimated_later":
            raise
    services.measure(actor=_ACTOR, entity=entity, day=on, now=now)
