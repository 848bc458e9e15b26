"""Have a day of a lender ended by the worker."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Entity
from apps.core import jobs
from apps.npa.models import DayEnd
from apps.npa.services import ending, keeping_open


@transaction.atomic
def ask_to_end(
    *, actor: Any, entity: Entity, day: date, now: datetime, close: bool | None = None
) -> None:
    """Have a day ended by the worker; whether its books are kept open is put down at once.

    For whoever ends days of the lender meanwhile knows of it then. Raises what `end_day` would,
    but EndingNow; and DayClosedAlready for a day that is done.
    """
    ending.require_endable(actor=actor, entity=entity, day=day, now=now)
    day_end = DayEnd.objects.filter(entity=entity, day=day).first()
    if day_end is None and close is False:
        day_end = keeping_open.begun(entity, day, actor=actor, now=now)
    if day_end is not None:
        keeping_open.keep(day_end, close=close, actor=actor)
    jobs.enqueue(
        "npa.end_day",
        entity_id=str(entity.pk),
        day=day.isoformat(),
        actor=keeping_open.name(actor),
        close=close,
    )
