"""Work of governance that runs by itself, in the queue `training`."""

from celery import shared_task
from django.utils import timezone

from apps.core.errors import DomainError
from apps.governance import services


@shared_task(name="governance.train", throws=(DomainError,))
def train(request_id: str) -> None:
    """Train what an analyst asked for; a second delivery finds it done or busy."""
    services.fulfil(request_id=request_id, now=timezone.now())


@shared_task(name="governance.sweep")
def sweep() -> None:
    """Send training requests again whose message was lost (every minute)."""
    services.sweep(now=timezone.now())
