"""Work of the laboratory that runs by itself, in the queue `training`."""

from celery import shared_task
from django.utils import timezone

from apps.core.errors import DomainError
from apps.laboratory import services


@shared_task(name="laboratory.run", throws=(DomainError,))
def run(experiment_id: str) -> None:
    """Do an experiment; a second delivery finds it done or busy."""
    services.run(experiment_id=experiment_id, now=timezone.now())


@shared_task(name="laboratory.sweep")
def sweep() -> None:
    """Send experiments again whose message or worker was lost (every minute)."""
    services.sweep(now=timezone.now())
