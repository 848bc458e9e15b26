"""Find applications that were submitted and then forgotten by broker or worker."""

import uuid
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.jobs import enqueue
from apps.decisions.services import assessing

logger = structlog.get_logger(__name__)
# A message was lost when nothing has happened for this long; after the second, people decide.
LOST_AFTER = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(minutes=15)
SENT_AT_ONCE = 500
REFERRED_AT_ONCE = 200


def sweep(*, now: datetime) -> tuple[int, int]:
    """Send waiting applications again, refer those that waited too long; return both counts."""
    waiting = Application.objects.filter(status="submitted").order_by("submitted_at")
    given_up = waiting.filter(submitted_at__lte=now - GIVEN_UP_AFTER)
    referred = sum(
        _refer_or_log(application_id, now=now)
        for application_id in given_up.values_list("pk", flat=True)[:REFERRED_AT_ONCE]
    )
    lost = waiting.filter(submitted_at__lte=now - LOST_AFTER, submitted_at__gt=now - GIVEN_UP_AFTER)
    sent = 0
    for application_id in lost.values_list("pk", flat=True)[:SENT_AT_ONCE]:
        enqueue("decisions.assess", application_id=str(application_id))
        sent += 1
    return sent, referred


def _refer_or_log(application_id: uuid.UUID, *, now: datetime) -> int:
    try:
        return _refer(application_id, now=now)
    except Exception:
        # The oldest comes first every minute: one that cannot be referred must not hold up all.
        logger.exception("referral_failed", application=str(application_id))
        return 0


@transaction.atomic
def _refer(application_id: uuid.UUID, *, now: datetime) -> int:
    """Refer one application unless a worker holds it or has just decided it."""
    application = (
        Application.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("product", "customer", "branch__entity")
        .filter(pk=application_id, status="submitted")
        .first()
    )
    if application is None:
        return 0
    assessing.refer_for_cause(
        application=application,
        cause="not_scored_in_time",
        actor=audit.system("sweep"),
        now=now,
    )
    return 1
