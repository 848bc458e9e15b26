"""Settlement offers: their life, and whether what was agreed is kept by what was paid. Pure.

A settlement takes less than is owed, in parts on days. It is kept once all parts came, each by its
day or within the days of grace the lender allows; what came counts together, so that more in one
part helps the next. The first part that is short when its grace is over breaks it. For a time a
verdict follows what turns out later: money that came in time and is entered afterwards keeps it all
the same, money that is taken back breaks it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="proposed",
    steps=[
        # By another person than who proposed it; only then the borrower is told.
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("withdraw", ["proposed", "approved"], "withdrawn"),
        ("break", ["approved", "kept"], "broken"),
        ("keep", ["approved", "broken"], "kept"),
        # A part that seemed to be missed came in time, or one that counted was taken back in time.
        ("reopen", ["broken", "kept"], "approved"),
    ],
)
# Proposed or agreed and not over: a loan has one of these.
OPEN = ("proposed", "approved")
# What leads from one state to the state that the money says.
ACTIONS = {"kept": "keep", "broken": "break", "open": "reopen"}
STATES = {"kept": "kept", "broken": "broken", "open": "approved"}
MOST_PARTS = 12
# So long after it broke a verdict follows money that is entered with an earlier date.
JUDGED_AGAIN_DAYS = 60


@dataclass(frozen=True, slots=True)
class Part:
    """So much by a day."""

    due: date
    amount: Decimal


def verdict(
    parts: Sequence[Part], came: Iterable[tuple[date, Decimal]], *, grace: int, day: date
) -> str:
    """Return how a settlement stands at the beginning of a day: kept, broken or open.

    `came` is what was paid since it was proposed, by day. A part's last day and its days of grace
    belong to the borrower to their end. Raises ValueError without parts: nothing was asked for.
    """
    if not parts:
        raise ValueError("A settlement without parts cannot be judged.")
    money, asked = list(came), Decimal(0)
    for part in sorted(parts, key=lambda one: one.due):
        asked += part.amount
        last = part.due + timedelta(days=grace)
        paid = sum((amount for on, amount in money if on <= last), Decimal(0))
        if paid < asked:
            return "broken" if day > last else "open"
    return "kept"


def complete_on(parts: Sequence[Part], came: Iterable[tuple[date, Decimal]]) -> date | None:
    """Return the day on which all that is asked for had come; None while it has not."""
    asked, paid = sum((part.amount for part in parts), Decimal(0)), Decimal(0)
    for on, amount in sorted(came, key=lambda one: one[0]):
        paid += amount
        if paid >= asked:
            return on
    return None


def last_day(parts: Sequence[Part], *, grace: int) -> date:
    """Return the last day on which a settlement can be kept."""
    return max(part.due for part in parts) + timedelta(days=grace)


def in_order(parts: Sequence[Part]) -> bool:
    """Say whether each part is for a later day than the one before it."""
    days = [part.due for part in parts]
    return all(earlier < later for earlier, later in pairwise(days))
