"""What rows of the bank's answers come to, and what debits become of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.core.table_faults import Fault
from apps.debits.models import AnswerFile, AnswerLine, Debit
from apps.debits.selecting import Rule
from apps.ledger import selectors as ledger
from apps.repayments import services as repayments
from apps.repayments.facts import Receipt, Recovery, payer_reference

# Why a debit has no payment though it was collected.
IN_SUSPENSE = "in_suspense"
# What a row comes to, by column.
Outcome = dict[str, Any]


@dataclass(frozen=True)
class Chunk:
    """The file at hand, the debits its rows name, how the lender tries again, and when it is."""

    file: AnswerFile
    debits: dict[str, Debit]
    rule: Rule
    now: datetime
    today: date


def fact_of(line: AnswerLine, debit: Debit, *, day: date) -> Receipt | Recovery:
    """Return collected money as what happens on a loan on a day."""
    kind = Recovery if debit.loan.status == "written_off" else Receipt
    return kind(
        day=day,
        amount=line.money,
        channel="direct_debit",
        external_reference=debit.reference,
    )


def reference_of(file: AnswerFile, debit: Debit) -> str:
    """Return the reference of the payment: the debit's own, so that it is posted once."""
    return payer_reference(file.entity.code, debit.reference)


def collected_as(line: AnswerLine, debit: Debit, event_id: Any, now: datetime) -> dict[str, Any]:
    """Return what a debit becomes when its money is on the loan, and whether somebody must look."""
    code = _worth_a_look(debit, line)
    return {
        "collected": line.amount,
        "value_date": line.value_date,
        "bank_reference": line.bank_reference,
        "answered_at": now,
        "event_id": event_id,
        "reason_code": code,
        "needs_look": bool(code),
        # Somebody may have looked at it before, after a recall.
        "looked_by": None,
        "looked_at": None,
    }


def keep(file: AnswerFile, line: AnswerLine, debit: Debit, *, actor: Any, now: datetime) -> None:
    """Keep collected money that a loan does not take in suspense: it is placed or returned there.

    Raises DayClosed and LedgerRefused where it cannot be booked on any day up to today.
    """
    kept = repayments.keep_unplaced(
        actor=actor,
        source=repayments.Source(
            branch=file.branch,
            filename=str(file.filename),
            size=file.size,
            sha256=file.sha256,
            uploaded_by=file.uploaded_by,
            uploaded_at=file.uploaded_at,
        ),
        money=repayments.Unplaced(
            number=line.number,
            reference=debit.reference,
            amount=line.money,
            day=line.value_date or debit.file.collect_on,
            loan=debit.loan.number,
            cells=line.cells,
        ),
        now=now,
    )
    changes = {**collected_as(line, debit, None, now), "reason_code": IN_SUSPENSE}
    debit.move("collect", **changes, kept_id=kept.pk)


def _worth_a_look(debit: Debit, line: AnswerLine) -> str:
    """Return why somebody must look at money that came; empty where nobody must."""
    ended = debit.mandate.ended_date
    if (
        debit.mandate.status == "cancelled"
        and ended
        and line.value_date
        and ended <= line.value_date
    ):
        return "after_end"
    return "partly" if line.money < debit.amount else ""


def closed_up_to(file: AnswerFile) -> str:
    """Return the last day the lender has closed, as ISO 8601."""
    last = ledger.closed_up_to(file.entity_id)
    return last.day.isoformat() if last else ""


def refused(column: str, code: str, debit: Debit | None = None, **facts: Any) -> Outcome:
    """Return what a row comes to that cannot be taken, and why."""
    return outcome("refused", "", debit, faults=[Fault(column, code, facts).to_json()])


def outcome(
    status: str, because: str, debit: Debit | None = None, *, faults: Sequence[Any] = ()
) -> Outcome:
    """Return what a row comes to, as its columns hold it."""
    return {
        "status": status,
        "because": because,
        "debit_id": debit.pk if debit else None,
        "faults": list(faults),
    }
