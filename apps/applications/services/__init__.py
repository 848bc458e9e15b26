"""What is done with applications, one module for each action."""

from apps.applications.services.correcting import take_facts_anew
from apps.applications.services.drafting import change, draft
from apps.applications.services.reopening import locked_decided, lower, reopen
from apps.applications.services.securing import (
    add_collateral,
    add_guarantor,
    remove_collateral,
    remove_guarantor,
)
from apps.applications.services.submitting import NotReady, submit
from apps.applications.services.withdrawing import WithdrawalReason, withdraw

__all__ = [
    "NotReady",
    "WithdrawalReason",
    "add_collateral",
    "add_guarantor",
    "change",
    "draft",
    "locked_decided",
    "lower",
    "remove_collateral",
    "remove_guarantor",
    "reopen",
    "submit",
    "take_facts_anew",
    "withdraw",
]
