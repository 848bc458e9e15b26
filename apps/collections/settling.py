"""Settlement offers: their life, and whether what was agreed is kept by what was paid. Pure.

A settlement takes less than is owed, in parts on days. It is kept once all parts came, each by its
day or within the days of grace the lender allows; what came counts together, so that more in one
part helps the next. The first part that is short when its grace is over breaks it, for good.
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
        ("keep", ["approved"], "kept"),
        ("break", ["approved"], "broken"),
    ],
)
# Proposed or agreed and not over: a loan has one of these.
OPEN = ("proposed", "approved")
ACTIONS = {"kept": "keep", "broken": "break"}
MOST_PARTS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """So much by a day."""

    due: date
    amount: Decimal


def verdict(
    parts: Sequence[Part], came: Iterable[tuple[date, Decimal]], *, grace: int, day: date
) -> str:
    """Return how a settlement stands at the beginning of a day: kept, broken or open.

    `came` is what was paid since it was agreed, by day. A part's last day and its days of grace
    belong to the borrower to their end.
    """
    money, asked = list(came), Decimal(0)
    for part in sorted(parts, key=lambda one: one.due):
        asked += part.amount
        last = part.due + timedelta(days=grace)
        paid = sum((amount for on, amount in money if on <= last), Decimal(0))
        if paid < asked:
            return "broken" if day > last else "open"
    return "kept"


def in_order(parts: Sequence[Part]) -> bool:
    """Say whether each part is for a later day than the one before it."""
    days = [part.due for part in parts]
    return all(earlier < later for earlier, later in pairwise(days))
