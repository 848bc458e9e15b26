"""Work of the desk that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.desk import services


@shared_task(name="desk.lapse_information")
def lapse_information() -> None:
    """Let the clock run on where information did not come by its day (every minute)."""
    services.lapse_information(now=timezone.now())


@shared_task(name="desk.sample_blind")
def sample_blind() -> None:
    """Sample automatic decisions for blind quality control (every minute)."""
    services.sample(now=timezone.now())


@shared_task(name="desk.end_blind")
def end_blind() -> None:
    """Put back samples whose claim has run out, and end those nobody judged (every minute)."""
    services.end_blind(now=timezone.now())
