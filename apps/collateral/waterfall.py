"""Who gets what of an item's value: rank by rank, the later only what is left. Pure.

Invariants: nobody gets more than the lien secures, nothing is negative, and all shares together
are the lower of the value and of all that is secured.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Charge:
    """A lien: its rank (1 is served first), what it secures, and whose it is."""

    rank: int
    secured: Decimal
    key: Hashable


@dataclass(frozen=True, slots=True)
class Share:
    """What a lien gets. `before` is what was left of the value when its turn came."""

    charge: Charge
    before: Decimal
    gets: Decimal

    @property
    def short(self) -> Decimal:
        """Return how much of what it secures the value does not cover."""
        return self.charge.secured - self.gets


def shares(value: Decimal, charges: Iterable[Charge]) -> tuple[Share, ...]:
    """Return what each lien gets of a value, in order of rank.

    Raises ValueError for a negative value or amount, and for two liens of one rank.
    """
    ordered = sorted(charges, key=lambda charge: charge.rank)
    if value < 0 or any(charge.secured < 0 for charge in ordered):
        raise ValueError("Neither a value nor what a lien secures can be negative.")
    if len({charge.rank for charge in ordered}) != len(ordered):
        raise ValueError("Two liens on one item cannot have one rank.")
    found, left = [], value
    for charge in ordered:
        gets = min(left, charge.secured)
        found.append(Share(charge, left, gets))
        left -= gets
    return tuple(found)


def left_over(value: Decimal, charges: Iterable[Charge]) -> Decimal:
    """Return what is left of a value when every lien has had its share."""
    return value - sum((share.gets for share in shares(value, charges)), Decimal(0))


def shortfall(value: Decimal, charges: Iterable[Charge]) -> Decimal:
    """Return by how much the liens secure more than the value; zero where they do not."""
    return sum((share.short for share in shares(value, charges)), Decimal(0))
