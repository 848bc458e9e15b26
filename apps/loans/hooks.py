"""What apps above tell loans at start-up: what follows when money goes out or comes back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from apps.loans.models import Loan

# Called with who did it, the loan, which is held, and the moment.
OnPayout = Callable[[Any, Loan, datetime], None]
# Called with who settles it, the loan, which is held, and the moment.
OnExit = Callable[[Any, Loan, datetime], None]
_on_payout: list[OnPayout] = []
_on_exit: list[OnExit] = []


def on_payout(act: OnPayout) -> None:
    """Do this, in the same transaction, whenever the first schedule of a loan may have changed.

    It follows the money: a payment was made or came back, or was made on another day than planned.
    """
    if act not in _on_payout:
        _on_payout.append(act)


def paid_out_otherwise(actor: Any, loan: Loan, now: datetime) -> None:
    """Let the apps above do what follows; whatever one raises refuses the payment."""
    for act in _on_payout:
        act(actor, loan, now)


def on_exit(act: OnExit) -> None:
    """Do this, in the same transaction, before a loan is settled whose borrower stepped back.

    What that costs takes the place of all that came with time; whatever one raises refuses it.
    """
    if act not in _on_exit:
        _on_exit.append(act)


def exit_settled(actor: Any, loan: Loan, now: datetime) -> None:
    """Let the apps above do what follows before an exit is settled."""
    for act in _on_exit:
        act(actor, loan, now)
