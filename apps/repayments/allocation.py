"""What a payment is taken for: the oldest first, in the order the product names. Pure.

A piece is what is owed of one bucket since one due date. Horizontal: everything of one due date
before anything of the next, and within a date by the order of buckets. Vertical: one bucket of all
due dates before the next bucket. Nothing is lost: what goes to the pieces and what is left over sum
to the amount.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from apps.repayments.facts import Bucket

ZERO = Decimal(0)


class Across(StrEnum):
    """Which way a payment goes through what is owed."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


class Standing(StrEnum):
    """The classes of loans that may have an order of their own."""

    STANDARD = "standard"
    NPA = "npa"
    WRITTEN_OFF = "written_off"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class Order:
    """The order of buckets, each named once, and which way a payment goes. Raises ValueError."""

    buckets: tuple[Bucket, ...] = (
        Bucket.FEE,
        Bucket.TAX,
        Bucket.PENAL,
        Bucket.INTEREST,
        Bucket.PRINCIPAL,
    )
    across: Across = Across.HORIZONTAL

    def __post_init__(self) -> None:
        if sorted(self.buckets) != sorted(Bucket):
            raise ValueError("An order of allocation names each bucket once.")


@dataclass(frozen=True, slots=True)
class Piece:
    """So much of a bucket is owed since a day; `key` is what it is owed for."""

    key: Hashable
    due_on: date
    bucket: Bucket
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a payment went to this."""

    key: Hashable
    bucket: Bucket
    amount: Decimal


def named(codes: Sequence[str], *, across: str = Across.HORIZONTAL) -> Order:
    """Return the order that a product names: fees stand for fees and the taxes on them.

    Raises ValueError for what is no order.
    """
    found: list[Bucket] = []
    for code in codes:
        found += [Bucket.FEE, Bucket.TAX] if code == "fees" else [Bucket(code)]
    return Order(tuple(found), Across(across))


def allocate(amount: Decimal, owed: Iterable[Piece], order: Order) -> tuple[Part, ...]:
    """Return where an amount goes, in the order it is taken; the rest of it is left over.

    The parts sum to the amount or to all that is owed, whichever is less. Of two pieces that come
    at the same place the one given first is paid first.
    """
    left = amount
    parts = []
    for piece in sorted(owed, key=_ranked(order)):
        if left <= 0:
            break
        taken = min(left, piece.amount)
        if taken > 0:
            parts.append(Part(piece.key, piece.bucket, taken))
            left -= taken
    return tuple(parts)


def total(parts: Iterable[Part]) -> Decimal:
    """Return the sum of some parts."""
    return sum((part.amount for part in parts), ZERO)


class _Rank:
    """Where a piece comes in an order, as a sort key."""

    def __init__(self, order: Order) -> None:
        self._places = {bucket: place for place, bucket in enumerate(order.buckets)}
        self._is_vertical = order.across == Across.VERTICAL

    def __call__(self, piece: Piece) -> tuple[date | int, date | int]:
        place = self._places[piece.bucket]
        return (place, piece.due_on) if self._is_vertical else (piece.due_on, place)


def _ranked(order: Order) -> _Rank:
    return _Rank(order)
