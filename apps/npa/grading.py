"""The classes of a lender's rules, and what snapshots say beside a class."""

from datetime import date

from apps.loans.models import Loan
from apps.npa import rulebook
from apps.npa.marks import GONE, RESTRUCTURED

__all__ = ["GONE", "RESTRUCTURED", "codes"]


def codes(loan: Loan, *, on: date) -> tuple[str, ...]:
    """Return the classes that the rules of a loan know on a day, the best first.

    Raises DomainError where no rules are in force.
    """
    return tuple(grade.code for grade in rulebook.chosen_for(loan, on=on).rules.grades)
