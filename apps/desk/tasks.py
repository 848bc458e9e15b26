"""Work of the desk that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.desk import services


@shared_task(name="desk.lapse_information")
def lapse_information() -> None:
    """Let the clock run on where information did not come by its day (every minute)."""
    services.lapse_information(now=timezone.now())
