"""What rows of the bank's answers come to, and what debits become of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.core.table_faults import Fault
from apps.debits.models import AnswerFile, AnswerLine, Debit
from apps.debits.selecting import Rule
from apps.ledger import selectors as ledger
from apps.repayments.facts import Receipt, Recovery, payer_reference

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
    }


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
