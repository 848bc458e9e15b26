"""What apps above tell loans at start-up: what follows when money goes out or comes back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.loans.models import Disbursement, Loan

# Called with who did it, the loan, which is held, and the moment.
OnPayout = Callable[[Any, Loan, datetime], None]
# Called with who settles it, the loan, which is held, and the moment.
OnExit = Callable[[Any, Loan, datetime], None]
# Called with a loan and a day: what is owed on it beside its schedule.
Beside = Callable[[Loan, date], Decimal]


@dataclass(frozen=True)
class Netting:
    """Another loan that is paid off out of what a payment brings, as the app above knows it.

    `kept_back(loan, day)`: what is kept back of a payment on a day; nothing for an ordinary loan.
    `check(disbursement, day)`: raises where it would not do on that day. `settle(actor,
    disbursement, now)` pays the other loan off, `undo(actor, disbursement, reason, now)` takes that
    back. What they raise refuses the payment.
    """

    kept_back: Callable[[Loan, date], Decimal]
    check: Callable[[Disbursement, date], None]
    settle: Callable[[Any, Disbursement, datetime], None]
    undo: Callable[[Any, Disbursement, str, datetime], None]


_nettings: list[Netting] = []
_on_payout: list[OnPayout] = []
_on_exit: list[OnExit] = []
_besides: list[Beside] = []


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


def charge_beside(owed: Beside) -> None:
    """Let this app say what is owed beside the schedule: charges for what happened."""
    if owed not in _besides:
        _besides.append(owed)


def owed_beside(loan: Loan, day: date) -> Decimal:
    """Return what is owed on a day of charges that are asked for beside the schedule."""
    return sum((owed(loan, day) for owed in _besides), Decimal(0))


def net(netting: Netting) -> None:
    """Let this app say what of a payment pays off another loan, and pay it off."""
    _nettings[:] = [netting]


def kept_back(loan: Loan, day: date) -> Decimal:
    """Return what of a payment on a day pays off another loan."""
    return sum((one.kept_back(loan, day) for one in _nettings), Decimal(0))


def check_netting(disbursement: Disbursement, day: date) -> None:
    """Let the app above refuse a payment that keeps back too little on a day."""
    for one in _nettings:
        one.check(disbursement, day)


def settle_other(actor: Any, disbursement: Disbursement, now: datetime) -> None:
    """Let the app above pay off what was kept back for."""
    for one in _nettings:
        one.settle(actor, disbursement, now)


def undo_settled(actor: Any, disbursement: Disbursement, reason: str, now: datetime) -> None:
    """Let the app above take back what was paid off by a payment that came back."""
    for one in _nettings:
        one.undo(actor, disbursement, reason, now)
