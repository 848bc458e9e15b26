"""What a loan takes along when it goes from one branch to another, as lines. Pure.

An entry balances within its branch: what a loan holds leaves one branch against what the branches
have for each other, and reaches the other branch against the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from apps.ledger.chart import HELD_BY_LOAN, Account
from apps.ledger.lines import Line, credit, debit

# Debits less credits, by account.
Held = Mapping[Account, Decimal]
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Move:
    """A loan that went from one branch to another on a day; branches are keys."""

    day: date
    from_branch: Any
    to_branch: Any


@dataclass(frozen=True, slots=True)
class Changed:
    """A line that was posted, in which branch, for which day."""

    branch: Any
    day: date
    line: Line


@dataclass(frozen=True, slots=True)
class Stranded:
    """What was posted in a branch that the loan had left, and the way it is to go on its day."""

    way: Move
    held: Held


def branch_on(moves: Sequence[Move], day: date, *, now: Any) -> Any:
    """Return where a loan was on a day: on the day of a move it is in the branch it came to.

    `moves` are in their order; `now` is where the loan is.
    """
    return next((move.from_branch for move in moves if day < move.day), now)


def leaving(held: Held) -> tuple[Line, ...]:
    """Return the lines by which what a loan holds leaves a branch; none where it holds nothing."""
    return _lines({account: -amount for account, amount in held.items()})


def arriving(held: Held) -> tuple[Line, ...]:
    """Return the lines by which what a loan holds reaches a branch."""
    return _lines(held)


def stranded(
    moves: Sequence[Move], changed: Iterable[Changed], *, now: Any
) -> tuple[list[Stranded], list[Changed]]:
    """Return what was posted in branches the loan had left by then, and all as if it were not.

    That corrects closed days: what a branch earned stays there, and what the loan holds follows it
    on the day it is posted. Of what is returned second, that stands where the loan was.
    """
    sums: dict[tuple[date, Any, Any], dict[Account, Decimal]] = {}
    settled = []
    for one in changed:
        where = branch_on(moves, one.day, now=now)
        leaves_now = any(m.day == one.day and m.from_branch == one.branch for m in moves)
        if one.branch == where or leaves_now or one.line.account not in HELD_BY_LOAN:
            settled.append(one)
            continue
        held = sums.setdefault((one.day, one.branch, where), {})
        held[one.line.account] = held.get(one.line.account, ZERO) + one.line.signed
        settled.append(Changed(where, one.day, one.line))
    found = []
    for (day, branch, where), held in sums.items():
        amounts = {account: amount for account, amount in held.items() if amount}
        if amounts:
            found.append(Stranded(Move(day, branch, where), amounts))
    return found, settled


def carried(moves: Sequence[Move], changed: Iterable[Changed]) -> list[dict[Account, Decimal]]:
    """Return by how much what each move took along changes, for what was posted since.

    What was posted in a branch that the loan has left goes with the first move that left it from
    that day on, and with every later one.
    """
    found: list[dict[Account, Decimal]] = [{} for _move in moves]
    for one in changed:
        if one.line.account not in HELD_BY_LOAN:
            continue
        for place in range(_first(moves, one), len(moves)):
            sums = found[place]
            sums[one.line.account] = sums.get(one.line.account, ZERO) + one.line.signed
    return [{account: amount for account, amount in sums.items() if amount} for sums in found]


def _first(moves: Sequence[Move], one: Changed) -> int:
    for place, move in enumerate(moves):
        if move.from_branch == one.branch and one.day <= move.day:
            return place
    return len(moves)


def _lines(amounts: Held) -> tuple[Line, ...]:
    lines = [_line(account, amounts[account]) for account in HELD_BY_LOAN if amounts.get(account)]
    net = sum(amounts.values(), ZERO)
    if net:
        lines.append(_line(Account.INTER_BRANCH, -net))
    return tuple(lines)


def _line(account: Account, amount: Decimal) -> Line:
    """Return a debit of what is above zero, a credit of what is below."""
    return debit(account, amount) if amount > 0 else credit(account, -amount)
