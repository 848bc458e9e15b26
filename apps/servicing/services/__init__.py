"""What is done about a running loan, one module for each action."""

from apps.servicing.services.agreed import give_up_rest
from apps.servicing.services.changing import change
from apps.servicing.services.closing import close
from apps.servicing.services.pausing import end_pause, pause
from apps.servicing.services.paying_early import Choices, Money, choices, pay_off, prepay, quote
from apps.servicing.services.quoting import print_quote
from apps.servicing.services.rating import follow_rate, set_rate, take_rate_back
from apps.servicing.services.recovering import download_losses, recover
from apps.servicing.services.relieving import Relief, approve, propose, refuse, withdraw
from apps.servicing.services.topping_up import start_top_up
from apps.servicing.services.transferring import (
    approve_transfer,
    propose_transfer,
    refuse_transfer,
    withdraw_transfer,
)
from apps.servicing.services.undoing import undo

__all__ = [
    "Choices",
    "Money",
    "Relief",
    "approve",
    "approve_transfer",
    "change",
    "choices",
    "close",
    "download_losses",
    "end_pause",
    "follow_rate",
    "give_up_rest",
    "pause",
    "pay_off",
    "prepay",
    "print_quote",
    "propose",
    "propose_transfer",
    "quote",
    "recover",
    "refuse",
    "refuse_transfer",
    "set_rate",
    "start_top_up",
    "take_rate_back",
    "undo",
    "withdraw",
    "withdraw_transfer",
]
