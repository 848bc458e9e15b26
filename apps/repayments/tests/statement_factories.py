"""Statements of a bank for tests, received and posted by the services."""

import io
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import Branch, Entity, User
from apps.core.table_formats import Format
from apps.ledger.chart import Account
from apps.ledger.models import Line
from apps.loans.models import Loan
from apps.loans.tests import factories as loans
from apps.repayments import services
from apps.repayments.models import StatementFile, StatementLine
from apps.repayments.services import Statement

HEADER = "Date,Narration,Ref No,Withdrawal Amt.,Deposit Amt.,Closing Balance"
# Days after the loans of these tests were paid out.
PAID_ON = loans.TODAY + timedelta(days=3)
NOW = loans.NOW + timedelta(days=4)
MPESA_HEADER = (
    "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,"
    "Other Party Info,A/C No."
)


def row(reference: str, amount: str = "9793.00", text: str = "NEFT", day: date = PAID_ON) -> str:
    """Return a line of a bank's statement on which money came in."""
    return f"{day:%d/%m/%Y},{text},{reference},,{amount},1.00"


def content(rows: Sequence[str], header: str = HEADER) -> bytes:
    """Return a statement as a file."""
    return "\n".join([header, *rows, ""]).encode()


def statement(sent: bytes, **changes: Any) -> Statement:
    """Return a file as it is sent."""
    values: dict[str, Any] = {
        "layout": "bank",
        "filename": "november.csv",
        "stream": io.BytesIO(sent),
        "form": Format(dates="day_first"),
        **changes,
    }
    return Statement(**values)


def received(actor: User, rows: Sequence[str], *, now: datetime = NOW) -> StatementFile:
    """Return a bank's statement as it was received."""
    file, _is_new = services.receive_statement(
        actor=actor, branch=actor.branch, statement=statement(content(rows)), now=now
    )
    return file


def checked(actor: User, rows: Sequence[str]) -> StatementFile:
    """Return a statement that was checked; nothing of it is posted."""
    file = received(actor, rows)
    services.check_statement(file_id=file.pk, now=NOW)
    file.refresh_from_db()
    return file


def started(actor: User, rows: Sequence[str]) -> StatementFile:
    """Return a statement whose posting has begun, with nothing posted yet."""
    return services.start_statement(actor=actor, file=checked(actor, rows), now=NOW)


def run(file: StatementFile) -> StatementFile:
    """Let one worker do everything there is to do."""
    while services.advance_statement(file_id=file.pk, now=NOW):
        pass
    file.refresh_from_db()
    return file


def posted(actor: User, rows: Sequence[str]) -> StatementFile:
    """Return a statement all of which was posted."""
    return run(started(actor, rows))


def in_suspense(actor: User, reference: str = "UTR900", **changes: Any) -> StatementLine:
    """Return money of 9,793 that names no loan, in suspense."""
    file = posted(actor, [row(reference, **changes)])
    return file.lines.get(status="suspense")


def came_to(file: StatementFile) -> list[tuple[int, str, str]]:
    """Return row, status and reason of every line of a statement."""
    return list(file.lines.order_by("number").values_list("number", "status", "because"))


def balance(account: Account, loan: Loan | None = None) -> Decimal:
    """Return debits less credits of an account; of one loan, where one is named."""
    rows = Line.objects.filter(account=account.value)
    if loan is not None:
        rows = rows.filter(loan_id=loan.pk)
    return sum((line.debit - line.credit for line in rows), Decimal(0))


def in_kenya(like: Entity) -> Branch:
    """Return a branch of a lender in Kenya."""
    entity = Entity.objects.get(pk=like.pk)
    entity.pk, entity._state.adding = uuid.uuid4(), True
    entity.code, entity.country, entity.currency = "rift", "KE", "KES"
    entity.time_zone = "Africa/Nairobi"
    entity.save(force_insert=True)
    return Branch.objects.create(entity=entity, code="nakuru", name="Nakuru")
