"""The history of loans' accounts, and what was paid towards charges."""

from apps.repayments.models.account import ChargeAllocation, LoanAccount
from apps.repayments.models.event import AccountEvent, AccountEventQuerySet

__all__ = ["AccountEvent", "AccountEventQuerySet", "ChargeAllocation", "LoanAccount"]
