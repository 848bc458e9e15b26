"""What to take back and what to post anew, so that what stands becomes what should follow. Pure.

The same history gives the same difference, entry by entry, in the same order: what stands and
should stay is left alone, the rest is taken back from the last to the first and posted from the
first to the last.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from apps.ledger.balances import ZERO
from apps.ledger.chart import Account, Event
from apps.ledger.lines import Line


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry that should follow: what happens on which day, with which lines.

    Facts are kept with an entry that is posted; they make no difference to one that stands. Only
    `key`, which is kept among them under that name, does: it tells whose an entry is, of two that
    are otherwise the same.
    """

    event: Event
    day: date
    lines: tuple[Line, ...]
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)
    key: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry that stands: its number, and what it says."""

    entry_id: int
    says: Planned


@dataclass(frozen=True, slots=True)
class Difference:
    """What to take back, in this order, what to post, in this order, and how much stays."""

    taken_back: tuple[Standing, ...]
    posted: tuple[Planned, ...]
    kept: tuple[Standing, ...]

    def __bool__(self) -> bool:
        """Say whether anything changes."""
        return bool(self.taken_back or self.posted)


@dataclass(frozen=True, slots=True)
class Change:
    """The balance of one account of the loan before and after, a debit being positive."""

    account: Account
    before: Decimal
    after: Decimal


def difference(standing: Sequence[Standing], planned: Iterable[Planned]) -> Difference:
    """Return how to make what stands into what is planned.

    Two entries are the same where event, day, lines and key are; equal ones are matched in their
    order, the first to the first.
    """
    wanted = list(planned)
    free: dict[Planned, deque[Standing]] = {}
    for one in standing:
        free.setdefault(one.says, deque()).append(one)
    posted = []
    kept_ids = set()
    for plan in wanted:
        same = free.get(plan)
        if same:
            kept_ids.add(same.popleft().entry_id)
        else:
            posted.append(plan)
    gone = [one for one in standing if one.entry_id not in kept_ids]
    return Difference(
        taken_back=tuple(sorted(gone, key=_order_of_standing, reverse=True)),
        # Stable: what is planned for one day stays in the order it was planned in.
        posted=tuple(sorted(posted, key=lambda plan: plan.day)),
        kept=tuple(one for one in standing if one.entry_id in kept_ids),
    )


def changes(before: Mapping[Account, Decimal], found: Difference) -> list[Change]:
    """Return what becomes of each account that the difference touches, in the chart's order.

    `before` holds debits less credits of the loan's accounts.
    """
    sums: dict[Account, Decimal] = {}
    for sign, plans in ((-1, [one.says for one in found.taken_back]), (1, list(found.posted))):
        for line in (line for plan in plans for line in plan.lines):
            sums[line.account] = sums.get(line.account, ZERO) + sign * line.signed
    return [
        Change(account, before.get(account, ZERO), before.get(account, ZERO) + sums[account])
        for account in Account
        if account in sums
    ]


def _order_of_standing(one: Standing) -> tuple[date, int]:
    return (one.says.day, one.entry_id)
