"""Keep money in suspense that came otherwise than in a statement, beside what statements brought.

It is a line of a file of its own layout: it is placed on a loan or returned as any other money.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.accounts.models import Branch, User
from apps.core.table_formats import Format
from apps.ledger import selectors as ledger
from apps.repayments import suspense_entries
from apps.repayments.models import StatementFile, StatementLine

_LAYOUT = StatementFile.Layout.DEBITS


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file that was taken in elsewhere: for which branch, by whom and when."""

    branch: Branch
    filename: str
    size: int
    sha256: str
    uploaded_by: User
    uploaded_at: datetime


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """Money that no loan takes: its row, its reference, and the number of the loan it was for."""

    number: int
    reference: str
    amount: Decimal
    day: date
    loan: str
    cells: list[str]


@transaction.atomic
def keep_unplaced(*, actor: Any, source: Source, money: Unplaced, now: datetime) -> StatementLine:
    """Take money of a file into suspense and return its line; of a closed day, on the first open.

    Raises DayClosed and LedgerRefused where no day up to today is open.
    """
    file = _file(source, now=now)
    line = StatementLine(
        file=file,
        entity_id=file.entity_id,
        number=money.number,
        day=money.day,
        amount=money.amount,
        reference=money.reference,
        key=f"{_LAYOUT}:{money.reference}",
    )
    line.cells = money.cells
    line.details = {"account": money.loan, "narrative": "", "party": "", "phone": ""}
    line.save(force_insert=True)
    entry = suspense_entries.hold(
        actor=actor,
        line=line,
        day=max(money.day, ledger.first_open_day(file.entity_id)),
        reference=f"suspense:{line.pk}",
        now=now,
    )
    StatementFile.objects.filter(pk=file.pk).update(total_rows=F("total_rows") + 1)
    return line.move("hold", because="refused_by_account", held_entry=entry)


def _file(source: Source, *, now: datetime) -> StatementFile:
    """Return the file the lines of a source are kept in; the first money makes it."""
    rows = StatementFile.objects.select_related("branch__entity")
    entity = source.branch.entity
    mark = _mark(source)
    found = rows.filter(entity=entity, sha256=mark).first()
    if found is not None:
        return found
    file = StatementFile(
        branch=source.branch,
        entity=entity,
        layout=_LAYOUT,
        size=source.size,
        sha256=mark,
        format=Format().to_json(),
        currency=entity.currency,
        header=[],
        roles={},
        total_rows=0,
        uploaded_by=source.uploaded_by,
        uploaded_at=source.uploaded_at,
    )
    file.filename = source.filename
    file.save(force_insert=True)
    begun = {"checked_at": now, "started_at": now, "finished_at": now}
    return file.move("report", "start", "finish", started_by=source.uploaded_by, **begun)


def _mark(source: Source) -> str:
    """Return what the file is known by: not as a statement of the same bytes, if one was taken."""
    return hashlib.sha256(f"{_LAYOUT}:{source.sha256}".encode()).hexdigest()
