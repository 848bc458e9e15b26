"""The history of loans' accounts, and what was paid towards charges."""

from apps.repayments.models.account import ChargeAllocation, LoanAccount
from apps.repayments.models.accrual import AccrualRun, AccrualRunQuerySet
from apps.repayments.models.earning import EarningPeriod, LateInstalment, LateLoan
from apps.repayments.models.event import AccountEvent, AccountEventQuerySet
from apps.repayments.models.moves import BranchMove
from apps.repayments.models.papers import ReceiptPaper
from apps.repayments.models.promises import Promise
from apps.repayments.models.reminders import Reminder, ReminderPlan, ReminderStop
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
    "AccrualRun",
    "AccrualRunQuerySet",
    "BranchMove",
    "ChargeAllocation",
    "EarningPeriod",
    "LateInstalment",
    "LateLoan",
    "LoanAccount",
    "Promise",
    "ReceiptPaper",
    "Reminder",
    "ReminderPlan",
    "ReminderStop",
    "StatementFile",
    "StatementFileQuerySet",
    "StatementLine",
    "StatementLineQuerySet",
    "SuspenseNote",
]
