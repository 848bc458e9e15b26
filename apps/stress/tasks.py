"""Work on stress tests that runs by itself, in the queue `training`."""

from celery import shared_task
from django.utils import timezone

from apps.core.errors import DomainError
from apps.stress import services


@shared_task(name="stress.run", throws=(DomainError,))
def run(test_id: str) -> None:
    """Do a stress test; a second delivery finds it done or busy."""
    services.run(test_id=test_id, now=timezone.now())


@shared_task(name="stress.sweep")
def sweep() -> None:
    """Send tests again whose message or worker was lost (every minute)."""
    services.sweep(now=timezone.now())
