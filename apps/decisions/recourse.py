"""What would have turned the outcome: a smaller amount or another term, tried and verified. Pure.

Nothing is claimed that was not evaluated with the same model and policy. A smaller amount never
hurts (risk and every ratio rise with it), so the largest one that passes is found by bisection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

# Steps of a twentieth of the amount asked for are fine enough for a letter.
STEPS = 20
MOST_TERMS = 4

Passes = Callable[[Decimal, int], bool]


@dataclass(frozen=True)
class Change:
    """An amount and term at which the same model and policy approve."""

    amount: Decimal
    term_months: int


@dataclass(frozen=True, kw_only=True)
class Room:
    """What may be changed: amounts down to the product's least, terms the product offers."""

    amount: Decimal
    term_months: int
    least_amount: Decimal
    terms: Sequence[int]


def changes(room: Room, *, passes: Passes) -> tuple[Change, ...]:
    """Return up to two verified changes: a smaller amount, and another term for the same amount."""
    found = [_smaller_amount(room, passes), _other_term(room, passes)]
    return tuple(change for change in found if change is not None)


def offered_terms(term_months: int, *, shortest: int, longest: int) -> list[int]:
    """Return other usual terms the product offers, those nearest to the asked one first."""
    usual = (3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 84, 96, 120, 180, 240)
    offered = [term for term in usual if shortest <= term <= longest and term != term_months]
    return sorted(offered, key=lambda term: (abs(term - term_months), term))[:MOST_TERMS]


def _smaller_amount(room: Room, passes: Passes) -> Change | None:
    amounts = _grid(room)
    if not amounts or not passes(amounts[0], room.term_months):
        return None
    low, high = 0, len(amounts) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if passes(amounts[middle], room.term_months):
            low = middle
        else:
            high = middle - 1
    return Change(amounts[low], room.term_months)


def _other_term(room: Room, passes: Passes) -> Change | None:
    fitting = (term for term in room.terms if passes(room.amount, term))
    term = next(fitting, None)
    return None if term is None else Change(room.amount, term)


def _grid(room: Room) -> list[Decimal]:
    """Return amounts below the asked one, rounded down to two leading digits, smallest first."""
    found = {_rounded_down(room.amount * step / STEPS) for step in range(1, STEPS)}
    return sorted(amount for amount in found if room.least_amount <= amount < room.amount)


def _rounded_down(amount: Decimal) -> Decimal:
    step = Decimal(1).scaleb(max(amount.adjusted() - 1, 0))
    return (amount / step).to_integral_value(rounding=ROUND_DOWN) * step
