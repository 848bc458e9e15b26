"""Work on direct debits that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.core.jobs import enqueue
from apps.debits import services


@shared_task(name="debits.prepare")
def prepare() -> int:
    """Prepare the files of lenders who want that done every day (every hour, once for a day)."""
    return services.prepare_due(now=timezone.now())


@shared_task(name="debits.expire_mandates")
def expire_mandates() -> int:
    """End the mandates whose last day is over (every hour: somewhere a day has just ended)."""
    return services.expire_mandates(now=timezone.now())


@shared_task(name="debits.post_answers")
def post_answers(file_id: str) -> None:
    """Do one chunk of the bank's answers and send the next; others get their turn in between."""
    if services.advance_answers(file_id=file_id, now=timezone.now()):
        enqueue("debits.post_answers", file_id=file_id)


@shared_task(name="debits.sweep_answers")
def sweep_answers() -> int:
    """Send answers again whose message or worker was lost (every minute)."""
    return services.sweep_answers(now=timezone.now())
