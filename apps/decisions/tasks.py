"""Work of decisions that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.decisions import services


@shared_task(name="decisions.assess", throws=(DomainError,))
def assess(application_id: str) -> None:
    """Assess one submitted application; a second delivery finds it decided."""
    actor = audit.system("worker")
    services.assess(application_id=application_id, actor=actor, now=timezone.now())


@shared_task(name="decisions.sweep")
def sweep() -> None:
    """Pick up submitted applications whose message was lost (every minute)."""
    services.sweep(now=timezone.now())


@shared_task(name="decisions.release_lapsed")
def release_lapsed() -> None:
    """Put cases back whose claim has run out (every minute)."""
    services.release_lapsed(now=timezone.now())


@shared_task(name="decisions.lapse_offers")
def lapse_offers() -> None:
    """Close applications whose offer was not taken up in its time (every hour)."""
    services.lapse_offers(now=timezone.now())
