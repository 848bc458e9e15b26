"""The lender's own calendar day, read at the edge."""

from datetime import date
from zoneinfo import ZoneInfo

from django.utils import timezone

from apps.accounts.models import Entity


def today_of(entity: Entity) -> date:
    """Return today's date where the lender is."""
    return timezone.localdate(timezone=ZoneInfo(entity.time_zone))
