"""What apps above tell servicing: to what a restructuring leads.

They register in their `AppConfig.ready()`; servicing knows no rules of classes.
"""

from collections.abc import Callable
from datetime import date

from apps.loans.models import Loan

# `say(loan, day)`: what becomes of a loan that is restructured for a borrower in difficulty.
Restructured = Callable[[Loan, date], str]
_telling: list[Restructured] = []


def tell_restructured(say: Restructured) -> None:
    """Let the page of a change say to what a restructuring leads by the rules of the loan."""
    _telling[:] = [say]


def restructured(loan: Loan, day: date) -> str:
    """Return to what a restructuring leads, or nothing while no app tells it."""
    return next((say(loan, day) for say in _telling), "")
