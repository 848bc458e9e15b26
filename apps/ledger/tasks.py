"""Work of the ledger that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.audit.services import system
from apps.ledger import services


@shared_task(name="ledger.prove")
def prove(*, actor: str = "") -> None:
    """Prove the ledger: every night, and when somebody asks for it."""
    services.prove(actor=actor or system("beat"), now=timezone.now())
