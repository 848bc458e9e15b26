"""The statement of a loan's account: what was charged, paid, and is owed after each. Pure.

Only what the borrower owes and paid ahead is shown: what the lender earns by it is not theirs.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby

from apps.ledger.balances import ZERO, Balances
from apps.ledger.chart import BORROWERS, Account, Event, Side
from apps.ledger.lines import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An entry as it stands in the ledger, with those of its lines that are the borrower's.

    `of_day` is the day that it corrects, where that was closed when it was posted.
    """

    entry_id: int
    day: date
    event: Event
    reference: str
    lines: tuple[Line, ...]
    reverses_id: int | None = None
    is_reversed: bool = False
    of_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a statement. `parts` holds what each account grew or fell by, as owed.

    `of_day` is the day that it corrects, where that was closed when it was posted.
    """

    entry_id: int
    day: date
    until: date
    event: Event
    reference: str
    charged: Decimal
    paid: Decimal
    owed: Decimal
    parts: Mapping[Account, Decimal] = field(default_factory=dict)
    reverses_id: int | None = None
    is_reversed: bool = False
    of_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What happened on a loan's account from one day to another, both included."""

    loan_id: uuid.UUID
    currency: str
    start: date
    end: date
    opening: Balances
    closing: Balances
    rows: Sequence[Row]

    @property
    def charged(self) -> Decimal:
        """What was charged in the time."""
        return sum((row.charged for row in self.rows), ZERO)

    @property
    def paid(self) -> Decimal:
        """What was paid, waived or taken back in the time."""
        return sum((row.paid for row in self.rows), ZERO)


def span(start: date | None, end: date | None, *, first: date, last: date) -> tuple[date, date]:
    """Return the days of a statement, the first not after the last.

    Where one is left out it is the account's first or last day, or the other one asked for where
    that lies beyond. Whoever asks has given no end before the start.
    """
    begin = start or min(first, end or first)
    return begin, end or max(last, begin)


def rows(posted: Iterable[Posted], *, owed: Decimal) -> list[Row]:
    """Return the lines of a statement for entries in their order, from what was owed before.

    Interest accrued day by day is one line a month, unless something else came between.
    """
    found: list[Row] = []
    for _key, run in groupby(posted, key=_together):
        row = _row(list(run), owed)
        if row is not None:
            owed = row.owed
            found.append(row)
    return found


def _together(one: Posted) -> tuple[object, ...]:
    """Return what entries that share a line have in common."""
    is_plain = one.event is Event.INTEREST_ACCRUAL and not (one.is_reversed or one.of_day)
    return (one.day.year, one.day.month) if is_plain else (one.entry_id,)


def _row(run: Sequence[Posted], owed: Decimal) -> Row | None:
    lines = [line for one in run for line in one.lines if line.account in BORROWERS]
    if not lines:
        return None
    charged = sum((line.amount for line in lines if line.side is Side.DEBIT), ZERO)
    paid = sum((line.amount for line in lines if line.side is Side.CREDIT), ZERO)
    parts: dict[Account, Decimal] = {}
    for line in lines:
        parts[line.account] = parts.get(line.account, ZERO) + line.signed
    first, last = run[0], run[-1]
    return Row(
        entry_id=first.entry_id,
        day=first.day,
        until=last.day,
        event=first.event,
        reference=first.reference if len(run) == 1 else "",
        charged=charged,
        paid=paid,
        owed=owed + charged - paid,
        parts=parts,
        reverses_id=first.reverses_id,
        is_reversed=first.is_reversed,
        of_day=first.of_day,
    )
