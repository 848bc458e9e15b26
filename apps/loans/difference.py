"""What two schedules of a loan have in common and where they differ. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Protocol

ZERO = Decimal(0)


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
    """Return what differs; both in the order of their numbers, which start at 1."""
    pairs = tuple(
        Pair(number, one, other)
        for number, (one, other) in enumerate(zip_longest(before, after), start=1)
    )
    return Difference(
        pairs=pairs,
        interest=_sum(after, "interest") - _sum(before, "interest"),
        fees=_sum(after, "fee") - _sum(before, "fee"),
        total=sum((pair.more for pair in pairs), ZERO),
    )


def _sum(rows: Sequence[Row], name: str) -> Decimal:
    return sum((getattr(row, name) for row in rows), ZERO)


def _due(row: Row | None) -> Decimal:
    return ZERO if row is None else row.due


def _told(row: Row | None) -> tuple[object, ...]:
    return () if row is None else (row.due_date, row.principal, row.interest, row.fee)
