"""Work on the sums of portfolios that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Entity
from apps.core.jobs import enqueue
from apps.portfolio import services


@shared_task(name="portfolio.summarise_all")
def summarise_all() -> int:
    """Have every lender's portfolio added up (every hour: somewhere a day has just been ended)."""
    lenders = Entity.objects.order_by("code").values_list("pk", flat=True)
    for key in lenders:
        enqueue("portfolio.summarise", entity_id=str(key))
    return len(lenders)


@shared_task(name="portfolio.summarise")
def summarise(entity_id: str) -> None:
    """Add up what is missing of a lender; a second delivery finds it done."""
    services.summarise(entity=Entity.objects.get(pk=entity_id), now=timezone.now())
