"""Work of monitoring that runs by itself, in the queue `batch`."""

from datetime import date

from celery import shared_task
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.jobs import enqueue
from apps.monitoring import selectors, services
from apps.monitoring.spans import Span
from apps.scoring.models import ModelVersion


@shared_task(name="monitoring.measure_missing")
def measure_missing() -> int:
    """Have every model that decides, or did lately, measured over what is over (every hour)."""
    keys = selectors.watched(now=timezone.now())
    for key in keys:
        enqueue("monitoring.measure_model", model_id=str(key))
    return len(keys)


@shared_task(name="monitoring.measure_model", throws=(DomainError,))
def measure_model(model_id: str) -> int:
    """Measure what is missing of one model, span by span, each committed by itself.

    A second delivery, and the next hour after a crash, go on where it stopped.
    """
    model = ModelVersion.objects.defer("body").get(pk=model_id)
    made = 0
    try:
        for span, start in services.missing(model, now=timezone.now()):
            made += bool(services.measure(model=model, span=span, start=start, now=timezone.now()))
    finally:
        # What the calendar asks for does not wait for a figure that cannot be made.
        if model.status == "champion":
            services.begin_due(model=model, now=timezone.now())
    return made


@shared_task(name="monitoring.measure", throws=(DomainError,))
def measure(model_id: str, span: str, start: str) -> None:
    """Measure one day or month of a model; a second delivery finds it done."""
    model = ModelVersion.objects.defer("body").get(pk=model_id)
    services.measure(
        model=model, span=Span(span), start=date.fromisoformat(start), now=timezone.now()
    )


@shared_task(name="monitoring.deliver")
def deliver(delivery_id: str) -> None:
    """Send one message about an incident; a second delivery of the task finds it sent."""
    services.deliver(delivery_id=delivery_id, now=timezone.now())


@shared_task(name="monitoring.deliver_waiting")
def deliver_waiting() -> int:
    """Send again what was not taken, and what lost its message (every minute)."""
    return services.deliver_waiting(now=timezone.now())
