"""Work on the quality of the book that runs by itself."""

from datetime import date

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Entity
from apps.audit.services import system
from apps.core.jobs import enqueue
from apps.npa import services


@shared_task(name="npa.end_missing")
def end_missing() -> int:
    """Have every lender's days that are over ended (every hour: somewhere one has just ended)."""
    lenders = Entity.objects.order_by("code").values_list("pk", flat=True)
    for key in lenders:
        enqueue("npa.end_day", entity_id=str(key))
    return len(lenders)


@shared_task(name="npa.end_day")
def end_day(
    entity_id: str, day: str = "", asked_by: str = "", *, close: bool | None = None
) -> None:
    """End a lender's day, or all that are over; a second delivery finds them done.

    What a person (their id) asked for is done only while they still may.
    """
    entity = Entity.objects.get(pk=entity_id)
    on, now = date.fromisoformat(day) if day else None, timezone.now()
    if asked_by and on is not None:
        services.end_as_asked(asked_by=asked_by, entity=entity, day=on, now=now, close=close)
    else:
        services.end_asked(actor=system("day-end"), entity=entity, day=on, now=now, close=close)


@shared_task(name="npa.deliver_alert")
def deliver_alert(delivery_id: str) -> None:
    """Send one message about an alert; a second delivery of the task finds it sent or claimed."""
    services.deliver_alert(delivery_id=delivery_id, now=timezone.now())


@shared_task(name="npa.deliver_waiting_alerts")
def deliver_waiting_alerts() -> int:
    """Send again what was not taken, and what lost its message (every minute)."""
    return services.deliver_waiting_alerts(now=timezone.now())


@shared_task(name="npa.make_return")
def make_return(order_id: str) -> None:
    """Make a long return that was asked for; a second delivery finds it made or claimed."""
    services.make_ordered(order_id=order_id, now=timezone.now())


@shared_task(name="npa.make_waiting_returns")
def make_waiting_returns() -> int:
    """Make what was asked for and lost its message or its worker (every minute)."""
    return services.make_waiting_returns(clock=timezone.now)
