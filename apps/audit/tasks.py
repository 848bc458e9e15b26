"""Work of the audit trail that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.audit import services


@shared_task(name="audit.seal")
def seal() -> int:
    """Seal what was recorded since the last time (every five seconds)."""
    return services.seal_all(sealed_at=timezone.now())


@shared_task(name="audit.verify")
def verify(*, actor: str) -> None:
    """Verify a chain too long for a page's patience; the result is an event itself."""
    services.verify(actor=actor, now=timezone.now())
