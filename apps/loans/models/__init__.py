"""Loans, their schedules, their payments, and what became of them."""

from apps.loans.models.contract import Loan, LoanQuerySet, Outcome
from apps.loans.models.disbursing import Disbursement, DisbursementLimit, PaymentFile
from apps.loans.models.schedule import Allocation, Instalment, ScheduleVersion

__all__ = [
    "Allocation",
    "Disbursement",
    "DisbursementLimit",
    "Instalment",
    "Loan",
    "LoanQuerySet",
    "Outcome",
    "PaymentFile",
    "ScheduleVersion",
]
