"""Post what the classes of a day come to: suspense, provisions and reserves, set-based."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from apps.ledger import refusals
from apps.ledger.services import posting as ledger
from apps.npa.errors import DayClosedAlready
from apps.npa.models import DayEnd
from apps.npa.services.snapshotting import values_of
from apps.npa.statements import entries


def post(day_end: DayEnd, *, actor: Any, now: datetime) -> dict[str, int]:
    """Post what is to stand for the day and does not yet; return how many entries of each kind.

    Interest of loans that do not perform goes to suspense and comes back as it is paid (rule book
    1.14); provisions move by class, and so does what a second regime demands on top of them, out of
    retained earnings (1.12, 2.4). The caller is in a transaction. Raises DayClosed where the
    books were closed meanwhile.
    """
    name = actor if isinstance(actor, str) else actor.audit_reference
    values = values_of(day_end) | {"now": now, "actor": name}
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(ledger.HEED_TRIGGERS)
            ledger.share_days(day_end.entity_id)
            return {
                "suspense": _posted(entries.SUSPEND, values),
                "provisions": _posted(entries.PROVIDE, values),
                "reserves": _posted(entries.RESERVE, values),
            }
    except IntegrityError as refusal:
        if refusals.constraint_of(refusal) == "ledger_entry_day_open":
            raise DayClosedAlready(day_end.day) from refusal
        raise


def _posted(lines: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
        cursor.execute(lines, values)
        cursor.execute("ANALYZE npa_lines")
        cursor.execute(entries.POST_ENTRIES, values)
        count = cursor.rowcount
        cursor.execute(entries.POST_LINES, values)
        cursor.execute("DROP TABLE npa_lines")
    return count
