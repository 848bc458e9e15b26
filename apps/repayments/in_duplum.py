"""How much interest may still be charged on a loan that does not perform, in Kenya. Pure.

Rule book 2.2 (Banking Act s.44A; SACCO Regulations reg. 31): interest on a loan stops when the
interest since it became non-performing, and what was owed of it then, equals the principal that was
owed on that day. What was paid meanwhile makes no room for more: the sum that may be recovered is
capped, not the sum that is open. Penal charges are no fourth part of that sum, beside principal,
interest and expenses of recovery: they count as interest (decision 0022). A loan that performs
again is charged as the contract says, from then on: what was not charged meanwhile never is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from apps.repayments.lateness import Late

ZERO = Decimal(0)
# Days past due after which a loan does not perform: substandard for a bank (rule book 2.4) and for
# a SACCO (2.1).
BANK_DAYS, SACCO_DAYS = 90, 30


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a loan does not perform.

    From the end of `cleared_on` nothing is overdue any more; None while something is.
    """

    since: date
    cleared_on: date | None


@dataclass(frozen=True, slots=True)
class Cap:
    """A stretch with the principal owed when it began, and the interest that comes before other.

    `accrued` is what was unpaid of interest and penal charges on that day, and what the schedule
    was still to earn.
    """

    stretch: Stretch
    principal: Decimal
    accrued: Decimal


def chargeable(new: Decimal, *, accrued: Decimal, principal: Decimal) -> Decimal:
    """Return how much of `new` interest may be charged; the rest never is.

    `principal` is what was owed of it on the day the loan became non-performing; `accrued` the
    interest unpaid on that day and charged since.
    """
    return max(ZERO, min(new, principal - accrued))


# What ran of each of several kinds by the end of a day, each kind never less than a day before.
Ran = Callable[[date], Sequence[Decimal]]


def claimable(ran: Ran, day: date, caps: Iterable[Cap]) -> list[Decimal]:
    """Return how much may be charged of each kind of what ran by the end of a day.

    `caps` are the stretches that began by the day, those that are over too: what each of them
    withheld is not charged later either. All kinds of one stretch share its room: all stop on the
    day it is used up, and of what ran on that day the first kinds are charged first.
    """
    found = list(ran(day))
    for cap in caps:
        withheld = _withheld(ran, day, cap)
        found = [one - less for one, less in zip(found, withheld, strict=True)]
    return found


def _withheld(ran: Ran, day: date, cap: Cap) -> list[Decimal]:
    """Return what of each kind that ran in a stretch by the end of a day is never charged."""
    since, cleared_on = cap.stretch.since, cap.stretch.cleared_on
    end = day if cleared_on is None else min(cleared_on, day)
    room = max(ZERO, cap.principal - cap.accrued)
    before = sum(ran(since))
    if sum(ran(end)) - before <= room:
        return [ZERO for _one in ran(end)]
    last, over = since, end
    while (over - last).days > 1:
        middle = last + (over - last) // 2
        if sum(ran(middle)) - before <= room:
            last = middle
        else:
            over = middle
    left = room - (sum(ran(last)) - before)
    found = []
    for by_last, by_over, by_end in zip(ran(last), ran(over), ran(end), strict=True):
        charged = min(left, by_over - by_last)
        left -= charged
        found.append(by_end - by_last - charged)
    return found


def most_recoverable(principal: Decimal) -> Decimal:
    """Return the most that may be recovered, expenses apart: twice that principal."""
    return 2 * principal


def stretches(instalments: Iterable[Late], day: date, *, after: int) -> tuple[Stretch, ...]:
    """Return the times in which a loan did not perform by a day, in their order.

    Each from the first day on which an instalment is more than `after` days overdue until nothing
    is overdue any more. Only the last of them may still go on.
    """
    found: list[Stretch] = []
    since: date | None = None
    clear_on: date | None = None
    for one in sorted(instalments, key=lambda late: late.due_on):
        if clear_on is not None and clear_on <= one.due_on:
            # Nothing was overdue any more when this one fell due.
            found += _stretch(since, clear_on, day)
            since = clear_on = None
        end = one.settled_on or date.max
        clear_on = end if clear_on is None else max(clear_on, end)
        crossed = one.due_on + timedelta(days=after + 1)
        if crossed < end:
            since = crossed if since is None else min(since, crossed)
    if clear_on is not None:
        found += _stretch(since, clear_on, day)
    return tuple(found)


def _stretch(since: date | None, clear_on: date, day: date) -> list[Stretch]:
    """Return the stretch of what was overdue at once, as it is on a day; none before it begins."""
    if since is None or since > day:
        return []
    return [Stretch(since, clear_on if clear_on <= day else None)]


def non_performing_since(instalments: Iterable[Late], day: date, *, after: int) -> date | None:
    """Return since when a loan does not perform on a day; None where it does."""
    found = stretches(instalments, day, after=after)
    return found[-1].since if found and found[-1].cleared_on is None else None
