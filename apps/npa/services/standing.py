"""Let payments be allocated in the order of the class that a loan came into."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.loans.models import Loan
from apps.npa import grading
from apps.npa.models import DayEnd
from apps.npa.services.snapshotting import values_of
from apps.npa.statements import standing as statements
from apps.repayments import services as repayments
from apps.repayments.facts import Change
from apps.repayments.replaying import CLASSIFIED

# Loans of one transaction: a payment waits for no more than these.
CHUNK = 500
# A loan and the class of allocation that it goes to.
Move = tuple[uuid.UUID, str]


def follow(day_end: DayEnd, *, actor: Any, now: datetime) -> int:
    """Enter into the history of each loan that came into another class that it did.

    Some hundred loans are one transaction, in the order of their keys; the caller has none open.
    What is done already is left out, so that whatever was interrupted goes on. Returns how many.
    """
    values = values_of(day_end) | {"gone": list(grading.GONE), "now": now}
    count = 0
    # Read some at a time: on the first day that is ended, many may be in another class.
    with connection.chunked_cursor() as cursor:
        cursor.execute(statements.TO_MOVE, values)
        while rows := cursor.fetchmany(CHUNK):
            count += len(rows)
            _move([(key, goes_to) for key, goes_to, is_past in rows if not is_past], values)
            past: list[Move] = [(key, goes_to) for key, goes_to, is_past in rows if is_past]
            for key, goes_to in past:
                _enter(day_end, key, goes_to, actor=actor, now=now)
    return count


@transaction.atomic
def _move(moves: Sequence[Move], values: dict[str, Any]) -> None:
    if not moves:
        return
    given = values | {"loans": [key for key, _to in moves], "to": [to for _key, to in moves]}
    with connection.cursor() as cursor:
        cursor.execute(statements.HOLD, given)
        cursor.execute(statements.MOVE, given)


def _enter(day_end: DayEnd, key: uuid.UUID, goes_to: str, *, actor: Any, now: datetime) -> None:
    """Enter it among what happened since: the history is replayed in the other order."""
    repayments.enter(
        actor=actor,
        loan=Loan(pk=key),
        fact=Change(day=day_end.day, change=CLASSIFIED, parameters={"to": goes_to}),
        reference=f"classified:{key}:{day_end.day}:{day_end.run}",
        now=now,
    )
