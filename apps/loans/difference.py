"""What two schedules of a loan have in common and where they differ. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

ZERO = Decimal(0)
# The number of what was paid early, between two instalments.
EARLY = 0


class Row(Protocol):
    """What is compared of an instalment."""

    number: int
    due_date: date
    principal: Decimal
    interest: Decimal
    fee: Decimal

    @property
    def due(self) -> Decimal:
        """What falls due in all."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The instalments of one number; None where one schedule has no such instalment."""

    number: int
    before: Row | None
    after: Row | None

    @property
    def day(self) -> date:
        """When it falls due, or was to."""
        rows = [row for row in (self.after, self.before) if row is not None]
        return rows[0].due_date

    @property
    def days(self) -> int:
        """How many days later it falls due; 0 where one is missing."""
        if self.before is None or self.after is None:
            return 0
        return (self.after.due_date - self.before.due_date).days

    @property
    def more(self) -> Decimal:
        """How much more falls due."""
        return _due(self.after) - _due(self.before)

    @property
    def is_changed(self) -> bool:
        """Whether anything of it differs."""
        return _told(self.before) != _told(self.after)


@dataclass(frozen=True, slots=True)
class Difference:
    """All instalments side by side, and what the second schedule costs more."""

    pairs: tuple[Pair, ...]
    interest: Decimal
    fees: Decimal
    total: Decimal

    @property
    def changed(self) -> int:
        """How many instalments differ."""
        return sum(pair.is_changed for pair in self.pairs)


def between(before: Sequence[Row], after: Sequence[Row]) -> Difference:
    """Return what differs, number by number; what was paid early has none and stands by its day."""
    agreed = {row.number: row for row in before}
    planned = {row.number: row for row in after if row.number}
    early = [Pair(EARLY, None, row) for row in after if row.number == EARLY]
    numbered = [
        Pair(number, agreed.get(number), planned.get(number))
        for number in sorted(agreed.keys() | planned.keys())
    ]
    pairs = tuple(sorted([*early, *numbered], key=lambda pair: pair.day))
    return Difference(
        pairs=pairs,
        interest=_sum(after, "interest") - _sum(before, "interest"),
        fees=_sum(after, "fee") - _sum(before, "fee"),
        total=sum((pair.more for pair in pairs), ZERO),
    )


def whole(earlier: Sequence[Sequence[Row]], last: Sequence[Row]) -> list[Row]:
    """Return a schedule together with what fell due under those before it, the oldest first.

    A changed schedule begins with what had not fallen due yet and goes on with its number.
    """
    rows = list(last)
    for former in reversed(earlier):
        first = min((row.number for row in rows if row.number), default=math.inf)
        if not rows or first == 1:
            break
        begins = min(row.due_date for row in rows)
        rows = [
            *(row for row in former if row.number < first and row.due_date <= begins),
            *rows,
        ]
    return rows


def _sum(rows: Sequence[Row], name: str) -> Decimal:
    return sum((getattr(row, name) for row in rows), ZERO)


def _due(row: Row | None) -> Decimal:
    return ZERO if row is None else row.due


def _told(row: Row | None) -> tuple[object, ...]:
    return () if row is None else (row.due_date, row.principal, row.interest, row.fee)
