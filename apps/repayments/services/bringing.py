"""Bring accounts to the end of a day: what falls due is earned, billed and paid from advances."""

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import transaction

from apps.repayments import reading, writing
from apps.repayments.services import holding
from apps.repayments.writing import Added

# Loans of one transaction.
CHUNK = 500


@transaction.atomic
def apply_due(*, actor: Any, loans: Collection[uuid.UUID], day: date, now: datetime) -> int:
    """Bring running loans to the end of a day, and return how many accounts moved on.

    Idempotent: an account that stands there or later is passed over. The caller has seen to it that
    nothing happened after the day, and gives some hundred loans at a time. Raises DayClosed where
    something falls due on a day that is closed.
    """
    held = [loan for loan in holding.hold_all(loans) if loan.status in holding.OPEN]
    held = [loan for loan in held if loan.disbursed_date is not None]
    standing = reading.accounts(held)
    behind = [loan for loan in held if standing[loan.pk].through < day]
    positions = reading.positions(behind, standing, upto=day)
    added = []
    for loan in behind:
        position = positions[loan.pk]
        position.bring(day)
        added.append(
            Added(
                loan=loan,
                account=standing[loan.pk],
                position=position,
                reference=f"due:{loan.pk}:{day}",
                booked=position.booked,
            )
        )
    if added:
        writing.write(actor, added, now=now)
    return len(added)
