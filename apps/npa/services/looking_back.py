"""Loans that something happened to after the day that is ended: as they stood at its end.

That it happened says nothing of when a loan was over: one that was lost may bring money in later,
and one that was repaid get its advance back.
"""

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection

from apps.core import bulk
from apps.loans.models import Loan
from apps.npa import lifetime, stood
from apps.npa.facility import ZERO
from apps.npa.models import DayEnd
from apps.npa.statements.facilities import TABLE
from apps.repayments import reading, replaying, writing

CHUNK = 500
_LATER = f"""
    SELECT f.key FROM {TABLE} f JOIN repayments_loanaccount a ON a.loan_id = f.key
    WHERE a.moved_on > %s ORDER BY f.key
"""  # noqa: S608 - our own name
_COLUMNS = (
    *("principal", "principal_due", "interest_due", "interest_earned", "charges_due"),
    *("fees_unpaid", "penal_unpaid", "oldest_due", "missed", "months_left"),
)
_OVER = f"DELETE FROM {TABLE} f USING npa_stood s WHERE s.key = f.key AND s.is_over"  # noqa: S608
_CORRECT = f"""
    UPDATE {TABLE} f SET {", ".join(f"{name} = s.{name}" for name in _COLUMNS)},
        outstanding = s.principal + s.interest_due + s.interest_earned + s.charges_due,
        suspended = s.interest_due + s.interest_earned
    FROM npa_stood s WHERE s.key = f.key
"""  # noqa: S608 - our own names


def correct(day_end: DayEnd) -> int:
    """Put the figures of the day's end into the relation for loans that moved on since.

    Those that were over by then are taken out of it. Their histories are replayed up to the day;
    there are few, unless days were missed. Returns how many. The caller has made the relation and
    is in its transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LATER, [day_end.day])
        keys = [key for (key,) in cursor.fetchall()]
        if not keys:
            return 0
        cursor.execute(
            "CREATE TEMPORARY TABLE npa_stood (key uuid, "
            + ", ".join(f"{name} numeric" for name in _COLUMNS[:7])
            + ", oldest_due date, missed int, months_left int, is_over boolean) ON COMMIT DROP"
        )
        for start in range(0, len(keys), CHUNK):
            bulk.copy_rows(
                f"COPY npa_stood (key, {', '.join(_COLUMNS)}, is_over) FROM STDIN",
                _stood(keys[start : start + CHUNK], day_end.day),
            )
        cursor.execute(_OVER)
        cursor.execute(_CORRECT)
        cursor.execute("DROP TABLE npa_stood")
    return len(keys)


def _stood(keys: list[uuid.UUID], day: date) -> Iterator[tuple[Any, ...]]:
    loans = Loan.objects.filter(pk__in=keys).select_related("product__conditions")
    earned, went = reading.earned_at_payout(keys), reading.paid_out(keys, day)
    for loan in loans.order_by("pk"):
        account = replaying.replay(
            reading.contract(loan),
            reading.happened(loan),
            upto=day,
            points=reading.points(loan.pk),
        )
        *found, last_due = stood.figures(
            account.position,
            day,
            earned_at_payout=earned.get(loan.pk, ZERO),
            not_paid_out=account.contract.terms.lent - went.get(loan.pk, ZERO),
        )
        is_over = loan.status != "active" and writing.state_of(account.position) != "active"
        yield (loan.pk, *found, lifetime.months_left(last_due, day), is_over)
