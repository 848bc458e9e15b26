"""Work of scoring that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.scoring import services


@shared_task(name="scoring.score_shadows")
def score_shadows() -> None:
    """Score with each shadow what was decided without it (every fifteen seconds)."""
    services.score_waiting(now=timezone.now())
