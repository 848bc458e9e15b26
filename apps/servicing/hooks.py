"""What apps above tell servicing: to what a restructuring leads, which loans are settled for good.

They register in their `AppConfig.ready()`; servicing knows no rules of classes and no settlements.
"""

from collections.abc import Callable
from datetime import date

from apps.loans.models import Loan

# `say(loan, day)`: what becomes of a loan that is restructured for a borrower in difficulty.
Restructured = Callable[[Loan, date], str]
# `is_settled(loan)`: whether the rest of a loan was given up for good.
IsSettled = Callable[[Loan], bool]
_telling: list[Restructured] = []
_settled: list[IsSettled] = []


def tell_restructured(say: Restructured) -> None:
    """Let the page of a change say to what a restructuring leads by the rules of the loan."""
    _telling[:] = [say]


def restructured(loan: Loan, day: date) -> str:
    """Return to what a restructuring leads, or nothing while no app tells it."""
    return next((say(loan, day) for say in _telling), "")


def know_settled(is_settled: IsSettled) -> None:
    """Take no money on loans whose rest was given up for good."""
    if is_settled not in _settled:
        _settled.append(is_settled)


def is_settled(loan: Loan) -> bool:
    """Say whether the rest of a loan was given up for good; nobody knows, then it was not."""
    return any(ask(loan) for ask in _settled)
