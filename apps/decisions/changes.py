"""The governed table of what an applicant may be told to change, and the smallest changes that do.

Pure. A policy's table says of each thing how far it may move and what moving it costs the
applicant; which way follows from the thing. `search` tries points within the table and keeps those
at which the caller's own assessment approves. Guarantees:

- every point returned was itself tried and passed, and no part of its changes alone was found to;
- nothing moves but what the table holds, the right way, to round figures, no further than allowed;
- where moving further never hurts, no change of a point can be taken back by a step;
- where nothing passes, the answer is empty and names the furthest point that was tried.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import combinations, permutations
from typing import Literal

from apps.decisions import recourse
from apps.decisions.policy_inputs import MOVED_BY_REQUEST

Value = Decimal | int | str
Point = Mapping[str, Value]
Passes = Callable[[Point], bool]
Reach = Literal["share", "months", "switch"]

MOST_SUGGESTIONS = 3
MOST_CHANGES = 3
DOCUMENTS = "documents"
OTHER_GUARANTOR = "other"

# What may be in a table, in the order of a page, with what its reach is counted in.
REACHES: dict[str, Reach] = {
    # Down, as a share of what was asked for.
    "amount": "share",
    # Either way, among the terms the product offers.
    "term_months": "months",
    # Down, as a share of what is paid to others a month.
    "obligations_monthly": "share",
    # Down, as a share of what is owed.
    "revolving_balance": "share",
    # Up, as a share of the amount asked for.
    "security_value": "share",
    # Up.
    "employment_months": "months",
    # To documents.
    "income_verification": "switch",
    # Another one, who owes us nothing.
    "guarantor": "switch",
}

# The price follows the risk, and what the loan costs a month follows the price.
_WITH_RISK = frozenset({"pd", "dti", "foir", "pay_committed"})
# Which of a policy's inputs each of them moves; every one that the model sees moves the PD.
MOVES: dict[str, frozenset[str]] = {
    "amount": MOVED_BY_REQUEST,
    "term_months": MOVED_BY_REQUEST,
    "obligations_monthly": _WITH_RISK,
    "revolving_balance": _WITH_RISK,
    "security_value": frozenset({"ltv"}),
    "employment_months": _WITH_RISK | {"employment_months"},
    "income_verification": _WITH_RISK | {"income_verification", "income_gap"},
    "guarantor": frozenset({"guarantor_exposure"}),
}


@dataclass(frozen=True)
class Allowed:
    """One row of the table: how far a thing may move (None for a switch), and what that costs.

    `weight` is the cost of going the whole way, beside those of the other rows.
    """

    what: str
    most: Decimal | None
    weight: Decimal


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What an application has now; None is not known, or not there to be changed.

    `own_monthly` is the part of the obligations that loans with us take: nobody is told to end
    these for the sake of another one.
    """

    amount: Decimal
    least_amount: Decimal
    term_months: int
    terms: Sequence[int]
    obligations_monthly: Decimal | None
    revolving_balance: Decimal | None
    security_value: Decimal | None
    employment_months: int | None
    income_verification: str
    guarantor_exposure: Decimal | None
    own_monthly: Decimal = Decimal(0)


@dataclass(frozen=True)
class Lever:
    """One thing that can move: its levels from the nearest on, and the cost of each.

    `is_ordered` says that a further level never does less.
    """

    what: str
    levels: tuple[Value, ...]
    costs: tuple[Decimal, ...]
    is_ordered: bool = True


@dataclass(frozen=True)
class Found:
    """Points that pass, the best first; and where none does, the furthest that was tried."""

    suggestions: tuple[dict[str, Value], ...]
    furthest: dict[str, Value]


def levers(table: Iterable[Allowed], now: Standing) -> tuple[Lever, ...]:
    """Return what can move at least one step, in the order of the table."""
    found = (_lever(row, now) for row in table)
    return tuple(one for one in found if one.levels)


def search(
    found: Sequence[Lever], passes: Passes, *, needed: frozenset[str] = frozenset()
) -> Found:
    """Return up to three different sets of changes that pass: fewest first, then the cheapest.

    Without `needed` nothing passes, as the caller knows; no question is asked there.
    """
    if not any(passes(corner) for corner in _corners(found)):
        return Found((), furthest(found))
    kept: list[tuple[Decimal, dict[str, Value]]] = []
    for size in range(1, MOST_CHANGES + 1):
        if len(kept) >= MOST_SUGGESTIONS:
            break
        new = []
        for members in combinations(found, size):
            names = {one.what for one in members}
            if not needed <= names or any(point.keys() <= names for _cost, point in kept):
                continue
            best = _smallest(members, passes)
            new += [] if best is None else [best]
        kept += sorted(new, key=lambda one: (one[0], sorted(one[1])))
    return Found(tuple(point for _cost, point in kept[:MOST_SUGGESTIONS]), furthest(found))


def furthest(found: Sequence[Lever]) -> dict[str, Value]:
    """Return the point where everything has gone the whole way, at the asked term if it can."""
    return next(iter(_corners(found)), {})


def _corners(members: Sequence[Lever]) -> Iterable[dict[str, Value]]:
    """Return the furthest points: at the asked term, then at every other one."""
    ordered = {one.what: one.levels[-1] for one in members if one.is_ordered}
    terms = [one for one in members if not one.is_ordered]
    if not terms or ordered:
        yield ordered
    for one in terms:
        for level in one.levels:
            yield {**ordered, one.what: level}


def _smallest(
    members: tuple[Lever, ...], passes: Passes
) -> tuple[Decimal, dict[str, Value]] | None:
    """Return the cheapest point found that moves exactly these and passes, with its cost."""
    loose = next((one for one in members if not one.is_ordered), None)
    ordered = tuple(one for one in members if one.is_ordered)
    fixed: list[tuple[dict[str, Value], Decimal]] = [({}, Decimal(0))]
    if loose is not None:
        pairs = zip(loose.levels, loose.costs, strict=True)
        fixed = [({loose.what: level}, cost) for level, cost in pairs]
    found = []
    for beside, cost in fixed:
        corner = {**beside, **{one.what: one.levels[-1] for one in ordered}}
        if not passes(corner):
            continue
        if not ordered:
            return cost, corner
        found += [(cost + more, point) for more, point in _taken_back(ordered, corner, passes)]
    return min(found, key=lambda one: one[0], default=None)


def _taken_back(
    members: tuple[Lever, ...], corner: dict[str, Value], passes: Passes
) -> Iterable[tuple[Decimal, dict[str, Value]]]:
    """Return the corner with each change taken back as far as it goes, once in every order."""
    for order in permutations(members):
        point, total = dict(corner), Decimal(0)
        for one in order:
            place = _first(one, point, passes)
            point[one.what] = one.levels[place]
            total += one.costs[place]
        yield total, point


def _first(one: Lever, point: dict[str, Value], passes: Passes) -> int:
    """Return the place of the nearest level that passes beside the others; the last one does."""
    low, high = -1, len(one.levels) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if passes({**point, one.what: one.levels[middle]}):
            high = middle
        else:
            low = middle
    return high


def _lever(row: Allowed, now: Standing) -> Lever:
    makers = {
        "amount": _amount,
        "term_months": _term,
        "obligations_monthly": _obligations,
        "revolving_balance": _balance,
        "security_value": _security,
        "employment_months": _employment,
    }
    if row.what in makers:
        return makers[row.what](row, now)
    return _switch(row, now)


def _amount(row: Allowed, now: Standing) -> Lever:
    unit = recourse.step(now.least_amount)
    return _down(row, now.amount, unit=unit, least=now.least_amount)


def _obligations(row: Allowed, now: Standing) -> Lever:
    present = now.obligations_monthly or Decimal(0)
    return _down(row, present, unit=recourse.step(present), fixed=now.own_monthly)


def _balance(row: Allowed, now: Standing) -> Lever:
    present = now.revolving_balance or Decimal(0)
    return _down(row, present, unit=recourse.step(present))


def _down(
    row: Allowed,
    present: Decimal,
    *,
    unit: Decimal,
    least: Decimal = Decimal(0),
    fixed: Decimal = Decimal(0),
) -> Lever:
    """Return the round figures below the present one, as far as the table allows.

    `fixed` is a part of the present one that does not move.
    """
    reach = (present - fixed) * (row.most or 0)
    lowest = max(present - reach, least)
    first = int((present / unit).to_integral_value(rounding=ROUND_CEILING)) - 1
    last = int((lowest / unit).to_integral_value(rounding=ROUND_CEILING))
    levels = tuple(unit * count for count in range(first, last - 1, -1))
    return _costed(row, levels, [(present - level) / reach for level in levels])


def _security(row: Allowed, now: Standing) -> Lever:
    present, unit = now.security_value or Decimal(0), recourse.step(now.amount)
    reach = now.amount * (row.most or 0)
    first = int((present / unit).to_integral_value(rounding=ROUND_FLOOR)) + 1
    last = int(((present + reach) / unit).to_integral_value(rounding=ROUND_FLOOR))
    levels = tuple(unit * count for count in range(first, last + 1))
    return _costed(row, levels, [(level - present) / reach for level in levels])


def _employment(row: Allowed, now: Standing) -> Lever:
    present, reach = now.employment_months, int(row.most or 0)
    if present is None:
        return Lever(row.what, (), ())
    levels = tuple(present + more for more in range(1, reach + 1))
    return _costed(row, levels, [Decimal(level - present) / reach for level in levels])


def _term(row: Allowed, now: Standing) -> Lever:
    reach = int(row.most or 0)
    levels = tuple(one for one in now.terms if abs(one - now.term_months) <= reach)
    shares = [Decimal(abs(one - now.term_months)) / reach for one in levels]
    return _costed(row, levels, shares, is_ordered=False)


def _switch(row: Allowed, now: Standing) -> Lever:
    level = ""
    if row.what == "income_verification" and now.income_verification not in ("", DOCUMENTS):
        level = DOCUMENTS
    if row.what == "guarantor" and now.guarantor_exposure:
        level = OTHER_GUARANTOR
    return _costed(row, (level,) if level else (), [Decimal(1)] if level else [])


def _costed(
    row: Allowed, levels: tuple[Value, ...], shares: list[Decimal], *, is_ordered: bool = True
) -> Lever:
    """Return a lever whose levels cost their share of the whole way."""
    return Lever(row.what, levels, tuple(row.weight * share for share in shares), is_ordered)
