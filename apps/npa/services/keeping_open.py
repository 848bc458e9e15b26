"""Leave the books of a day open until a person lifts that, whoever ends the day meanwhile."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.npa.models import DayEnd


def begun(entity: Entity, day: date, *, actor: Any, now: datetime) -> DayEnd:
    """Return the day-end of a day that was not begun: begun now, or by another just now."""
    values = {"started_by": name(actor), "started_at": now}
    return DayEnd.objects.get_or_create(entity=entity, day=day, defaults=values)[0]


def keep(day_end: DayEnd, *, close: bool | None, actor: Any) -> None:
    """Put down who keeps the books of a day open, or that nobody does any longer.

    Nothing where `close` is None, or says what is so already.
    """
    if close is None or close is not day_end.keep_open:
        return
    day_end.kept_open_by = "" if close else name(actor)
    with transaction.atomic():
        open_ = DayEnd.objects.filter(pk=day_end.pk).exclude(status="closed")
        open_.update(kept_open_by=day_end.kept_open_by)
        facts = {"entity": day_end.entity.code, "day": str(day_end.day)}
        if close:
            audit.record(actor, "npa.day_let_close", day_end, **facts)
        else:
            audit.record(actor, "npa.day_kept_open", day_end, **facts)


def is_kept_open(day_end: DayEnd) -> bool:
    """Say whether somebody keeps the books of the day, or of one before it, open."""
    until = DayEnd.objects.filter(entity=day_end.entity_id, day__lte=day_end.day)
    return until.exclude(kept_open_by="").exists()


def name(actor: Any) -> str:
    """Return what is put down of who asked for a day-end."""
    return str(actor if isinstance(actor, str) else actor.audit_reference)
