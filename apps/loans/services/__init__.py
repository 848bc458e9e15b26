"""What is done about loans, one module for each action."""

from apps.loans.services.exiting import exit_amount, settle_exit
from apps.loans.services.giving_up import borrower_steps_back, payouts
from apps.loans.services.keeping import keep_as_lent, keep_while_lent, live, unlent
from apps.loans.services.limiting import set_limit
from apps.loans.services.opening import cancel, open_loan
from apps.loans.services.requesting import (
    Payment,
    approve,
    nothing_left,
    refuse,
    request,
    take_back,
)
from apps.loans.services.resting import follow_late_rest, give_up_rest, late_rests
from apps.loans.services.reversing import reverse
from apps.loans.services.settling import confirm, fail, fetch_file, instruct
from apps.loans.services.taking_on import TakenOn, take_on

__all__ = [
    "Payment",
    "TakenOn",
    "approve",
    "borrower_steps_back",
    "cancel",
    "confirm",
    "exit_amount",
    "fail",
    "fetch_file",
    "follow_late_rest",
    "give_up_rest",
    "instruct",
    "keep_as_lent",
    "keep_while_lent",
    "late_rests",
    "live",
    "nothing_left",
    "open_loan",
    "payouts",
    "refuse",
    "request",
    "reverse",
    "set_limit",
    "settle_exit",
    "take_back",
    "take_on",
    "unlent",
]
