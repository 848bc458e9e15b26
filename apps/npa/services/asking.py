"""Have a day of a lender ended by the worker."""

from datetime import date, datetime
from typing import Any

import structlog
from django.db import transaction

from apps.accounts.models import Entity, User
from apps.core import jobs
from apps.npa import policies
from apps.npa.models import DayEnd, Threshold
from apps.npa.services import ending, keeping_open

logger = structlog.get_logger(__name__)


@transaction.atomic
def ask_to_end(
    *, actor: User, entity: Entity, day: date, now: datetime, close: bool | None = None
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
        asked_by=str(actor.pk),
        close=close,
    )


def end_as_asked(
    *, asked_by: Any, entity: Entity, day: date, now: datetime, close: bool | None = None
) -> None:
    """End the day that a person asked for, who may have lost the right or the lender since.

    Then nothing is done, and the log says so: the day is ended by itself like any other.
    """
    person = User.objects.filter(pk=asked_by, is_active=True).first()
    is_allowed = person is not None and person.has_perm(policies.RUN)
    if person is None or not is_allowed or not Threshold.reaches(person, entity):
        logger.warning("day_end_not_permitted", entity=entity.code, day=day.isoformat())
        return
    actor = person.audit_reference
    ending.end_asked(actor=actor, entity=entity, day=day, now=now, close=close)
