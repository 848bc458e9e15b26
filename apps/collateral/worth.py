"""What security is worth against a loan. Pure; money in one currency, shares as fractions.

Rule book 9.2: LTV = loan / value of the security, the lower of price and valuation. Rule book 1.9:
an exposure is unsecured where what can be realised is not more than a tenth of it; only tangible
security charged to the lender counts. Rule book 1.15: against deposits and life policies a loan
stays standard while what secures it covers it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

UNSECURED_UP_TO = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Part:
    """One item's value for a loan, and the largest share of it that may be lent; None: no cap."""

    value: Decimal
    cap: Decimal | None = None


def realisable(value: Decimal, *, haircut: Decimal, stated: Decimal | None = None) -> Decimal:
    """Return what a sale would bring: the value less the haircut, or less where a valuer says so.

    At full precision; round it where it is shown or kept.
    """
    after = value * (1 - haircut)
    return after if stated is None else min(after, stated)


def ltv(loan: Decimal, value: Decimal) -> Decimal | None:
    """Return loan over value, at full precision; None where nothing is worth anything. 9.2."""
    return loan / value if value > 0 else None


def most_lent(parts: Iterable[Part]) -> Decimal:
    """Return the largest loan that every cap allows: for one item its cap times its value."""
    return sum((part.value * (1 if part.cap is None else part.cap) for part in parts), Decimal(0))


def within_caps(loan: Decimal, parts: Iterable[Part]) -> bool:
    """Say whether a loan keeps the caps of what secures it. Rule book 6.11 T3, T4."""
    return loan <= most_lent(parts)


def is_unsecured(exposure: Decimal, security_realisable: Decimal) -> bool:
    """Say whether an exposure counts as unsecured from its beginning. Rule book 1.9 T1, T3.

    Guarantees are no security: leave them out of `security_realisable`.
    """
    return security_realisable <= UNSECURED_UP_TO * exposure


def keeps_standard(value: Decimal, outstanding: Decimal) -> bool:
    """Say whether the margin on a deposit or life policy is adequate. Rule book 1.15 T1, T2."""
    return value >= outstanding
