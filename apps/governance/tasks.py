"""Work of governance that runs by itself, in the queue `training`."""

from celery import shared_task
from django.utils import timezone

from apps.core.errors import DomainError
from apps.governance import services


@shared_task(name="governance.train", throws=(DomainError,))
def train(request_id: str) -> None:
    """Train what an analyst asked for; a second delivery finds it done or busy."""
    services.fulfil(request_id=request_id, now=timezone.now())


@shared_task(name="governance.report", throws=(DomainError,))
def report(request_id: str) -> None:
    """Measure a model for its validation; a second delivery finds it done or busy."""
    services.fulfil_report(request_id=request_id, now=timezone.now())


@shared_task(name="governance.enact")
def enact() -> None:
    """Put promotions in force whose day has come (every minute)."""
    services.enact_due(now=timezone.now())


@shared_task(name="governance.sweep")
def sweep() -> None:
    """Send requests for trainings and reports again whose message was lost (every minute)."""
    services.sweep(now=timezone.now())
    services.sweep_reports(now=timezone.now())


@shared_task(name="governance.end_trials")
def end_trials() -> None:
    """End trials whose date has passed (every minute)."""
    services.end_trials(now=timezone.now())
