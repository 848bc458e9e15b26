"""How provisions moved between two days, class by class, and what the ledger says of it. Pure.

For every class and any span of days, as the nights wrote them down:

    opening + additions - releases - write-offs = closing

A loan that went from one class to another is a release there and an addition here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Night:
    """What one night wrote down of a class; additions and releases are not negative.

    Of write-offs, what was taken back since another night is taken off.
    """

    day: date
    asset_class: str
    opening: Decimal
    additions: Decimal
    releases: Decimal
    written_off: Decimal
    closing: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One class in the table of movements; the total has the class ''."""

    asset_class: str
    opening: Decimal = ZERO
    additions: Decimal = ZERO
    releases: Decimal = ZERO
    written_off: Decimal = ZERO
    closing: Decimal = ZERO

    @property
    def unexplained(self) -> Decimal:
        """What the movements do not explain: not zero where a night of the span is missing."""
        net = self.additions - self.releases - self.written_off
        return self.closing - self.opening - net

    @property
    def is_empty(self) -> bool:
        """Whether the class held and moved nothing."""
        return not any(
            (self.opening, self.additions, self.releases, self.written_off, self.closing)
        )


def lines(nights: Iterable[Night]) -> list[Line]:
    """Return one line for each class: the opening of the first night, the closing of the last.

    A class that a night does not name held nothing then, so first and last are those of the span.
    """
    rows = list(nights)
    first = min((night.day for night in rows), default=None)
    last = max((night.day for night in rows), default=None)
    found: dict[str, Line] = {}
    for night in rows:
        before = found.get(night.asset_class, Line(night.asset_class))
        found[night.asset_class] = Line(
            night.asset_class,
            before.opening + (night.opening if night.day == first else ZERO),
            before.additions + night.additions,
            before.releases + night.releases,
            before.written_off + night.written_off,
            before.closing + (night.closing if night.day == last else ZERO),
        )
    return [line for line in found.values() if not line.is_empty]


def total(table: Iterable[Line]) -> Line:
    """Return the sum of all classes."""
    rows = list(table)
    return Line(
        "",
        sum((row.opening for row in rows), ZERO),
        sum((row.additions for row in rows), ZERO),
        sum((row.releases for row in rows), ZERO),
        sum((row.written_off for row in rows), ZERO),
        sum((row.closing for row in rows), ZERO),
    )


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A figure of the snapshots beside the same figure of the ledger."""

    name: str
    snapshots: Decimal
    ledger: Decimal

    @property
    def difference(self) -> Decimal:
        """Snapshots less ledger; zero where they agree."""
        return self.snapshots - self.ledger
