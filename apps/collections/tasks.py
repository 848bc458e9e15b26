"""Work on overdue loans that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Entity
from apps.collections import services
from apps.core.jobs import enqueue


@shared_task(name="collections.judge_settlements")
def judge_settlements() -> int:
    """Judge settlements by what was paid (every hour: somewhere a day has just ended)."""
    return services.judge_settlements(now=timezone.now())


@shared_task(name="collections.find_all_signals")
def find_all_signals() -> int:
    """Have every lender's book looked through for signals (every hour: a day may be ended)."""
    lenders = Entity.objects.order_by("code").values_list("pk", flat=True)
    for key in lenders:
        enqueue("collections.find_signals", entity_id=str(key))
    return len(lenders)


@shared_task(name="collections.find_signals")
def find_signals(entity_id: str) -> None:
    """Look for a lender's signals by its last day; a second delivery finds it done."""
    services.find_signals(entity=Entity.objects.get(pk=entity_id), now=timezone.now())
