"""Interest of loans that do not perform: what is reversed, what is income. Pure."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from apps.npa.facility import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What of the interest of a period is income, and what is kept beside the books."""

    income: Decimal
    memorandum: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrealised:
    """Interest and fees that were credited to income and are not paid, of one facility."""

    key: Hashable
    amount: Decimal
    performed_before: bool
    performs: bool


def reversals(facilities: Iterable[Unrealised]) -> Mapping[Hashable, Decimal]:
    """Return what is reversed of each facility that stopped performing: all that is unrealised.

    By contagion that is every facility of the borrower (T4), those with a guarantee of a
    government too.
    """
    return {
        one.key: one.amount
        for one in facilities
        if one.performed_before and not one.performs and one.amount
    }


def recognised(*, due: Decimal, received: Decimal, performs: bool) -> Recognised:
    """Return what is income of interest that fell due: all of it, or what was received (T2)."""
    if performs:
        return Recognised(income=due, memorandum=ZERO)
    income = min(due, received)
    return Recognised(income=income, memorandum=due - income)
