"""Work of offers that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.offers import services


@shared_task(name="offers.expire_due")
def expire_due() -> None:
    """End offers whose time is over or whose decision binds no more (every five minutes)."""
    services.expire_due(now=timezone.now())
