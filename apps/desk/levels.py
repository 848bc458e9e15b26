"""Which service level a case has: the row that fits it most closely. Pure.

A row that names the reason for referral goes before one that does not, then one that names the
product, then the one from the larger amount. Of rows that fit equally well, because a case has
several reasons, the one with fewer hours counts.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Level:
    """One row of the table: how many hours a case may take. Empty texts and zero fit every case."""

    hours: int
    owner: str
    cause: str = ""
    product: str = ""
    from_amount: Decimal = Decimal(0)

    def fits(self, *, causes: Collection[str], product: str, amount: Decimal | None) -> bool:
        """Say whether the row is about a case; an amount of None is not in the lender's currency.

        Such an amount fits only rows from zero.
        """
        return (
            (not self.cause or self.cause in causes)
            and (not self.product or self.product == product)
            and (self.from_amount == 0 or (amount is not None and amount >= self.from_amount))
        )

    @property
    def closeness(self) -> tuple[bool, bool, Decimal, int]:
        """How closely the row fits; the largest counts."""
        return (bool(self.cause), bool(self.product), self.from_amount, -self.hours)

    def to_json(self) -> dict[str, object]:
        """Return the row as it is kept with the case it was chosen for."""
        return {
            "hours": self.hours,
            "owner": self.owner,
            "cause": self.cause,
            "product": self.product,
            "from_amount": str(self.from_amount),
        }


def chosen(
    levels: Iterable[Level], *, causes: Collection[str], product: str, amount: Decimal | None
) -> Level | None:
    """Return the row that counts for a case, or None where none fits."""
    fitting = (one for one in levels if one.fits(causes=causes, product=product, amount=amount))
    return max(fitting, key=lambda one: one.closeness, default=None)


def resumed_due(due_at: datetime, *, paused_at: datetime, until: datetime) -> datetime:
    """Return when a case is due after its clock stood still; it never runs backwards."""
    return due_at + max(until - paused_at, timedelta(0))
