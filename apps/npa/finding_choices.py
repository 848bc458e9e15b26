"""Which findings there can be about a loan: kinds, and the values of each by its lender's rules."""

from collections.abc import Mapping, Sequence
from datetime import date

from apps.loans.models import Loan
from apps.npa import rulebook
from apps.npa.findings import MOST_MONTHS, VALUES, Kind


def of_loan(loan: Loan, on: date) -> Mapping[str, Sequence[str]]:
    """Return the values of each kind, by the rules of a day; "" where the kind says all.

    A review can demand any class but the best. Raises DomainError where no rules are in force.
    """
    rules = rulebook.chosen_for(loan, on=on).rules
    values: dict[Kind, Sequence[str]] = {
        **VALUES,
        Kind.REVIEW: tuple(one.code for one in rules.grades if one.code != rules.best),
        Kind.SEGMENT: tuple(one.code for one in rules.segments),
        Kind.CROP_SEASON: tuple(str(one) for one in range(1, MOST_MONTHS + 1)),
    }
    return {str(kind): values.get(kind, ("",)) for kind in Kind}
