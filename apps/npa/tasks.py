"""Work on the quality of the book that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.npa import services


@shared_task(name="npa.deliver_alert")
def deliver_alert(delivery_id: str) -> None:
    """Send one message about an alert; a second delivery of the task finds it sent or claimed."""
    services.deliver_alert(delivery_id=delivery_id, now=timezone.now())


@shared_task(name="npa.deliver_waiting_alerts")
def deliver_waiting_alerts() -> int:
    """Send again what was not taken, and what lost its message (every minute)."""
    return services.deliver_waiting_alerts(now=timezone.now())


@shared_task(name="npa.make_return")
def make_return(*, actor_id: str, kind: str, lender: str, day: str, reason: str) -> None:
    """Make a long return for the person who asked for it."""
    services.make_return_asked(
        actor_id=actor_id, kind=kind, lender=lender, day=day, reason=reason, now=timezone.now()
    )
