"""What ends a loan on a day: the quote, which is to the smallest unit what then closes it. Pure.

Owed are what fell due and is unpaid, the principal that is not due yet, the interest it earned by
the end of the day, and charges asked for; less what was paid ahead. Fees of instalments that never
fall due are not asked for. A charge for paying early comes on top where the contract and the rules
allow one (`prepayment_charge`, rule book 6.11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.repayments.account import ZERO
from apps.repayments.facts import Bucket
from apps.repayments.walking import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What is to be paid on a day, by what it is for.

    `early_principal` is the principal that is not due yet, of which a charge for paying early is
    reckoned; `due` is what fell due, by bucket; `earned` the interest that is not due yet.
    """

    day: date
    due: Mapping[Bucket, Decimal]
    early_principal: Decimal
    earned: Decimal
    other_charges: Decimal
    advances: Decimal
    charge: Decimal = ZERO

    @property
    def owed(self) -> Decimal:
        """Return all that is owed, before the charge for paying early and what was paid ahead."""
        due = sum(self.due.values(), ZERO)
        return due + self.early_principal + self.earned + self.other_charges

    @property
    def total(self) -> Decimal:
        """Return what closes the loan; nothing where more was paid ahead."""
        return max(ZERO, self.owed + self.charge - self.advances)

    @property
    def principal(self) -> Decimal:
        """Return the principal that is owed, due or not."""
        return self.due[Bucket.PRINCIPAL] + self.early_principal

    @property
    def interest(self) -> Decimal:
        """Return the interest that is owed, due or not."""
        return self.due[Bucket.INTEREST] + self.earned

    @property
    def charges(self) -> Decimal:
        """Return penal charges, fees and taxes that were asked for."""
        asked = (Bucket.PENAL, Bucket.FEE, Bucket.TAX)
        return sum((self.due[bucket] for bucket in asked), ZERO) + self.other_charges


def quote(position: Position, day: date, *, charge: Decimal = ZERO) -> Quote:
    """Return what ends a loan on a day to whose end the position was brought.

    `charge` is what paying early costs. Raises ValueError where the position stands elsewhere.
    """
    if position.through != day:
        raise ValueError(f"The account stands at {position.through}, not at {day}.")
    rows = [claim for claim in position.ahead if claim.is_row]
    others = [claim for claim in position.ahead if not claim.is_row]
    return Quote(
        day=day,
        due=position.owed(),
        early_principal=sum((claim.left.get(Bucket.PRINCIPAL, ZERO) for claim in rows), ZERO),
        earned=position.earning(day) if position.earning else position.unbilled,
        other_charges=sum((claim.total for claim in others), ZERO),
        advances=position.advances,
        charge=charge,
    )
