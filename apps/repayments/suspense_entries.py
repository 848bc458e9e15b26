"""The entries of money nobody can be found for: taken into suspense, and let go of again.

Taken in, it is a debit of cash and a credit of what is unidentified; let go, the other way round.
A loan's payment then debits cash as every payment does, so that money which was placed later stands
in the books as it would have stood had it been known at once.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event
from apps.ledger.lines import credit, debit
from apps.ledger.models import Closing, Entry
from apps.ledger.posting import Posting
from apps.repayments.facts import payer_reference
from apps.repayments.models import StatementFile, StatementLine

# What the entry is known by that takes money from a wrong loan into suspense again, before the key
# of the payment that was taken back.
AGAIN = "suspense-again:"


def hold(*, actor: Any, line: StatementLine, day: date, reference: str, now: datetime) -> Entry:
    """Take a line's money into suspense. Raises DayClosed."""
    return ledger.post(
        actor=actor,
        event=Event.REPAYMENT,
        day=day,
        lines=(debit(Account.CASH, line.money), credit(Account.UNIDENTIFIED, line.money)),
        branch=line.file.branch,
        currency=line.file.currency,
        reference=reference,
        now=now,
        facts={"statement_line": str(line.pk)},
    )


def hold_all(*, actor: Any, lines: Sequence[StatementLine], now: datetime) -> list[int]:
    """Take the money of lines into suspense on their value dates; return the entries' numbers.

    All or nothing: raises DayClosed for the first closed day.
    """
    postings = [
        Posting(
            event=Event.REPAYMENT,
            day=line.value_date,
            lines=(debit(Account.CASH, line.money), credit(Account.UNIDENTIFIED, line.money)),
            reference=f"suspense:{line.pk}",
            branch_id=line.file.branch_id,
            currency=line.file.currency,
            facts={"statement_line": str(line.pk)},
        )
        for line in lines
    ]
    return ledger.post_many(actor=actor, postings=postings, now=now) if postings else []


def release(*, actor: Any, line: StatementLine, event: Event, day: date, now: datetime) -> Entry:
    """Let a line's money go: to a loan, or back to who paid it. Raises DayClosed.

    Each entry that took money in is let go of once: the reference is made of it.
    """
    return ledger.post(
        actor=actor,
        event=event,
        day=day,
        lines=(debit(Account.UNIDENTIFIED, line.money), credit(Account.CASH, line.money)),
        branch=line.file.branch,
        currency=line.file.currency,
        reference=f"suspense-released:{line.held_entry_id}",
        now=now,
        facts={"statement_line": str(line.pk), "held": line.held_entry_id},
    )


def event_reference(file: StatementFile, line: StatementLine, *, again: str = "") -> str:
    """Return the reference of the payment that a line makes: the bank's own, within the lender.

    A payment that is posted by hand is named the same way, so the two are never both posted.
    `again` tells apart what is posted after the first was taken back.
    """
    lender = file.branch.entity.code
    first = payer_reference(lender, line.reference) if line.reference else f"{lender}:{line.key}"
    return f"{first}#{again}" if again else first


def closed_up_to(entity_id: UUID) -> date | None:
    """Return the last day the lender has closed."""
    found = Closing.objects.filter(entity=entity_id).order_by("-day").first()
    return found.day if found else None
