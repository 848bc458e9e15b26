"""The largest amounts that would be approved, and what would have turned a decline. Pure.

Nothing is claimed that was not evaluated with the same model and policy. A smaller amount never
hurts (risk and every ratio rise with it), so the largest one that passes is found by bisection;
each amount found was itself tried. About where it lies can often be told; such a hint is tried
first, and a wrong one costs questions and changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

MOST_TERMS = 4

Passes = Callable[[Decimal, int], bool]
# About the largest amount that passes at a term; the amount is one that was refused, if any.
Near = Callable[[Decimal | None, int], Decimal]


@dataclass(frozen=True)
class Change:
    """An amount and term at which the same model and policy approve."""

    amount: Decimal
    term_months: int


@dataclass(frozen=True, kw_only=True)
class Room:
    """What was asked for, and what may be lent instead: the product's amounts, offered terms."""

    amount: Decimal
    term_months: int
    least_amount: Decimal
    most_amount: Decimal
    terms: Sequence[int]


def largest(room: Room, *, passes: Passes, near: Near | None = None) -> tuple[Change, ...]:
    """Return the largest amount that passes at the asked term, then at every other one.

    `near` says about where that is at a term, and what it says once an amount was refused. A term
    at which no amount passes is left out.
    """
    found = ((term, _largest(room, term, passes, near)) for term in (room.term_months, *room.terms))
    return tuple(Change(amount, term) for term, amount in found if amount is not None)


def changes(room: Room, offers: Sequence[Change], *, passes: Passes) -> tuple[Change, ...]:
    """Return up to two verified changes: a smaller amount, and another term for the same amount.

    `offers` are what `largest` found in this room.
    """
    smaller = [
        one for one in offers if one.term_months == room.term_months and one.amount < room.amount
    ]
    same = (
        Change(room.amount, one.term_months)
        for one in offers
        if one.term_months != room.term_months
        and one.amount >= room.amount
        and passes(room.amount, one.term_months)
    )
    other = next(same, None)
    return (*smaller, *(() if other is None else (other,)))


def offered_terms(term_months: int, *, shortest: int, longest: int) -> list[int]:
    """Return other usual terms the product offers, those nearest to the asked one first."""
    usual = (3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 84, 96, 120, 180, 240)
    offered = [term for term in usual if shortest <= term <= longest and term != term_months]
    return sorted(offered, key=lambda term: (abs(term - term_months), term))[:MOST_TERMS]


def step(least_amount: Decimal) -> Decimal:
    """Return what amounts are counted in: the second digit of the product's smallest amount.

    25,000 is lent in steps of 1,000, 500 in steps of 10; never below one.
    """
    return Decimal(10 ** max(least_amount.adjusted() - 1, 0))


def _largest(room: Room, term_months: int, passes: Passes, near: Near | None) -> Decimal | None:
    """Return the largest multiple of the step that passes, or the bound just above it."""
    unit = step(room.least_amount)
    low = int((room.least_amount / unit).to_integral_value(rounding=ROUND_CEILING))
    high = int((room.most_amount / unit).to_integral_value(rounding=ROUND_FLOOR))

    def hint(refused: int | None) -> int:
        amount = None if refused is None else refused * unit
        return high if near is None else int(near(amount, term_months) // unit)

    found = _last(low, high, lambda count: passes(count * unit, term_months), hint)
    if found is None:
        return None
    best = found * unit
    # What was asked for, and the product's own bound, need not be a multiple of the step.
    between = [one for one in (room.most_amount, room.amount) if best < one < best + unit]
    above = (one for one in between if passes(one, term_months))
    return next(above, best)


def _last(
    low: int, high: int, holds: Callable[[int], bool], hint: Callable[[int | None], int]
) -> int | None:
    """Return the last number from `low` to `high` that holds, where the first ones do.

    Tried are the hint and the number after it, then a new hint while nothing has held, then the
    lowest number, and then always the middle.
    """
    best, first = low - 1, min(hint(None), high)
    guesses = [first, first + 1]
    while best < high:
        nothing_held = best < low
        guess = guesses.pop(0) if guesses else low if nothing_held else (best + high + 1) // 2
        if not best < guess <= high:
            continue
        if holds(guess):
            best = guess
            continue
        high = guess - 1
        if nothing_held and guess > low:
            found = hint(guess)
            guesses = [found, found + 1]
    return None if best < low else best
