"""How much interest may still be charged on a loan that does not perform, in Kenya. Pure.

Rule book 2.2 (Banking Act s.44A; SACCO Regulations reg. 31): interest on a loan stops when the
interest since it became non-performing, and what was owed of it then, equals the principal that was
owed on that day. What was paid meanwhile makes no room for more: the sum that may be recovered is
capped, not the sum that is open. A loan that performs again is charged as the contract says.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from apps.repayments.lateness import Late

ZERO = Decimal(0)
# Days past due after which a loan does not perform: substandard for a bank (rule book 2.4) and for
# a SACCO (2.1).
BANK_DAYS, SACCO_DAYS = 90, 30


def chargeable(new: Decimal, *, accrued: Decimal, principal: Decimal) -> Decimal:
    """Return how much of `new` interest may be charged; the rest never is.

    `principal` is what was owed of it on the day the loan became non-performing; `accrued` the
    interest unpaid on that day and charged since.
    """
    return max(ZERO, min(new, principal - accrued))


def most_recoverable(principal: Decimal) -> Decimal:
    """Return the most that may be recovered, expenses apart: twice that principal."""
    return 2 * principal


def non_performing_since(instalments: Iterable[Late], day: date, *, after: int) -> date | None:
    """Return since when a loan does not perform on a day; None where it does.

    From the first day on which an instalment is more than `after` days overdue until nothing is
    overdue any more.
    """
    since: date | None = None
    clear_on: date | None = None
    for one in sorted(instalments, key=lambda late: late.due_on):
        if clear_on is not None and clear_on <= one.due_on:
            # Nothing was overdue any more when this one fell due.
            since = clear_on = None
        end = one.settled_on or date.max
        clear_on = end if clear_on is None else max(clear_on, end)
        crossed = one.due_on + timedelta(days=after + 1)
        if crossed < end:
            since = crossed if since is None else min(since, crossed)
    is_over = clear_on is None or clear_on <= day
    return None if since is None or is_over or since > day else since
