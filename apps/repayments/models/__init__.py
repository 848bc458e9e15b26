"""The history of loans' accounts, and what was paid towards charges."""

from apps.repayments.models.account import ChargeAllocation, LoanAccount
from apps.repayments.models.event import AccountEvent, AccountEventQuerySet
from apps.repayments.models.statement import (
    StatementFile,
    StatementFileQuerySet,
    StatementLine,
    StatementLineQuerySet,
    SuspenseNote,
)

__all__ = [
    "AccountEvent",
    "AccountEventQuerySet",
    "ChargeAllocation",
    "LoanAccount",
    "StatementFile",
    "StatementFileQuerySet",
    "StatementLine",
    "StatementLineQuerySet",
    "SuspenseNote",
]
