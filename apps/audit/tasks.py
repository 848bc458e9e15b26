"""Work of the audit trail that runs by itself."""

from celery import shared_task
from django.utils import timezone

from apps.audit import services


@shared_task(name="audit.seal")
def seal() -> int:
    """Seal what was recorded since the last time (every five seconds)."""
    return services.seal_all(sealed_at=timezone.now())
