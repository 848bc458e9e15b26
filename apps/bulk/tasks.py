"""Work on files that runs by itself, in the queue `batch`."""

from celery import shared_task
from django.utils import timezone

from apps.bulk import services
from apps.core.jobs import enqueue


@shared_task(name="bulk.check")
def check(upload_id: str) -> None:
    """Judge the rows of a file without taking anything in; a second delivery finds it done."""
    services.check(upload_id=upload_id, now=timezone.now())


@shared_task(name="bulk.run")
def run(upload_id: str) -> None:
    """Take in one chunk of a file and send the next; other files get their turn in between."""
    if services.advance(upload_id=upload_id, now=timezone.now()):
        enqueue("bulk.run", upload_id=upload_id)


@shared_task(name="bulk.sweep")
def sweep() -> None:
    """Send files again whose message or worker was lost (every minute)."""
    services.sweep(now=timezone.now())
