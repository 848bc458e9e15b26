"""How much interest may still be charged on a loan that does not perform, in Kenya. Pure.

Rule book 2.2 (Banking Act s.44A; SACCO Regulations reg. 31): interest on a loan stops when the
interest since it became non-performing, and what was owed of it then, equals the principal that was
owed on that day. What was paid meanwhile makes no room for more: the sum that may be recovered is
capped, not the sum that is open. A loan that performs again is charged as the contract says.
"""

from decimal import Decimal

ZERO = Decimal(0)


def chargeable(new: Decimal, *, accrued: Decimal, principal: Decimal) -> Decimal:
    """Return how much of `new` interest may be charged; the rest never is.

    `principal` is what was owed of it on the day the loan became non-performing; `accrued` the
    interest unpaid on that day and charged since.
    """
    return max(ZERO, min(new, principal - accrued))


def most_recoverable(principal: Decimal) -> Decimal:
    """Return the most that may be recovered, expenses apart: twice that principal."""
    return 2 * principal
