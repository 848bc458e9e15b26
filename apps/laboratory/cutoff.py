"""What every cut-off on the probability of default does, and the best one within limits. Pure.

Approved is who has a `pd` below the cut-off, as in a policy's bands; people with one `pd` are
decided alike. What a loan is expected to lose and earn is told, not worked out here. Sums are
statistics in floats of one currency; nothing here is posted to a ledger.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Goal = Literal["profit", "loss"]
Basis = Literal["expected", "realised"]

# A Decimal of this many places tells any two different floats between 0 and 1 apart.
_MOST_PLACES = 1075


@dataclass(frozen=True)
class Sample:
    """Past applications a cut-off decides: probability, expected loss and profit, and outcome.

    `bad` is 1 (defaulted), 0 (repaid) or NaN (not known). `others` counts applications that no
    cut-off lets in, such as those a rule declines: they ask as well and lower every approval rate.
    """

    pd: Floats
    expected_loss: Floats
    expected_profit: Floats
    bad: Floats
    others: int = 0

    def __post_init__(self) -> None:
        """Refuse lists of different length or none, and values that cannot be."""
        shapes = {one.shape for one in (self.expected_loss, self.expected_profit, self.bad)}
        if shapes != {self.pd.shape} or not len(self.pd):
            raise ValueError("Every application needs a probability, money and an outcome.")
        if not ((self.pd >= 0) & (self.pd <= 1)).all():
            raise ValueError("A probability of default lies between 0 and 1.")
        if not np.isin(self.bad[~np.isnan(self.bad)], (0, 1)).all():
            raise ValueError("An outcome is 0 (repaid), 1 (defaulted) or not known.")
        if self.others < 0:
            raise ValueError("Nobody is fewer than none.")


@dataclass(frozen=True)
class Point:
    """One cut-off and what approving everybody below it gives. A rate over nobody is None."""

    below: float
    approved: int
    approval_rate: float
    expected_bad_rate: float | None
    known: int
    realised_bad_rate: float | None
    expected_loss: float
    expected_profit: float


@dataclass(frozen=True)
class Curve:
    """Every cut-off that changes a decision, from approving nobody to everybody it decides.

    Arrays of one length. `known` counts the approved whose outcome is known; a bad rate is NaN
    where there is nobody to take it over.
    """

    below: Floats
    approved: Floats
    approval_rate: Floats
    expected_bad_rate: Floats
    known: Floats
    realised_bad_rate: Floats
    expected_loss: Floats
    expected_profit: Floats

    def __len__(self) -> int:
        return len(self.below)

    def at(self, place: int) -> Point:
        """Return one cut-off."""
        return Point(
            below=float(self.below[place]),
            approved=int(self.approved[place]),
            approval_rate=float(self.approval_rate[place]),
            expected_bad_rate=_number(self.expected_bad_rate[place]),
            known=int(self.known[place]),
            realised_bad_rate=_number(self.realised_bad_rate[place]),
            expected_loss=float(self.expected_loss[place]),
            expected_profit=float(self.expected_profit[place]),
        )

    def place_of(self, below: float) -> int:
        """Return the place of the cut-off that approves the same people as `below` does."""
        return min(int(np.searchsorted(self.below, below)), len(self) - 1)

    def bad_rate(self, basis: Basis) -> Floats:
        """Return the bad rate the limit is held against."""
        return self.expected_bad_rate if basis == "expected" else self.realised_bad_rate


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to look for, and within which limits; the defaults limit nothing."""

    goal: Goal = "profit"
    least_approval_rate: float = 0.0
    largest_bad_rate: float = 1.0
    basis: Basis = "expected"

    def __post_init__(self) -> None:
        """Refuse limits that are no shares."""
        for limit in (self.least_approval_rate, self.largest_bad_rate):
            if not 0 <= limit <= 1:
                raise ValueError(f"A rate lies between 0 and 1, not at {limit!r}.")


@dataclass(frozen=True)
class Optimum:
    """The best cut-off: its place on the curve."""

    place: int


@dataclass(frozen=True)
class Infeasible:
    """No cut-off keeps both limits; each figure says how far the other one must give way.

    `least_bad_rate` is the lowest among cut-offs that approve enough, None where none of them
    has a bad rate; `largest_approval_rate` the highest among those that are safe enough.
    """

    least_bad_rate: float | None
    largest_approval_rate: float


def curve(sample: Sample) -> Curve:
    """Return all cut-offs of some applications."""
    values, position = np.unique(sample.pd, return_inverse=True)

    def upto(each: npt.NDArray[Any]) -> Floats:
        """Return the sum over everybody up to each distinct probability, after a first zero."""
        return np.concatenate([[0.0], np.cumsum(np.bincount(position, weights=each))])

    is_known = ~np.isnan(sample.bad)
    approved, known = upto(np.ones_like(sample.pd)), upto(is_known)
    with np.errstate(invalid="ignore"):
        expected = upto(sample.pd) / approved
        realised = upto(np.where(is_known, sample.bad, 0.0)) / known
    return Curve(
        below=np.append(values, np.nextafter(values[-1], np.inf)),
        approved=approved,
        approval_rate=approved / (len(sample.pd) + sample.others),
        expected_bad_rate=expected,
        known=known,
        realised_bad_rate=realised,
        expected_loss=upto(sample.expected_loss),
        expected_profit=upto(sample.expected_profit),
    )


def best(found: Curve, wish: Wish) -> Optimum | Infeasible:
    """Return the best cut-off within the limits, of equals the one that approves fewest.

    Approving nobody breaks no limit on the bad rate. Where outcomes are not known for anybody
    approved, a realised bad rate is not known either and keeps no limit below 1.
    """
    enough = found.approval_rate >= wish.least_approval_rate
    safe = _safe(found, wish)
    allowed = np.flatnonzero(enough & safe)
    if len(allowed) == 0:
        return _infeasible(found, wish, enough, safe)
    if wish.goal == "profit":
        return Optimum(int(allowed[found.expected_profit[allowed].argmax()]))
    return Optimum(int(allowed[found.expected_loss[allowed].argmin()]))


def thinned(found: Curve, *, most: int, keep: tuple[int, ...] = ()) -> list[int]:
    """Return at most `most` places spread evenly over the approved, and those to `keep`, in order.

    The first and the last place are always among them.
    """
    if len(found) <= most:
        return list(range(len(found)))
    wanted = np.linspace(0, found.approved[-1], most)
    places = np.searchsorted(found.approved, wanted)
    return sorted({*places.tolist(), *keep})


def readable(found: Curve, place: int) -> Decimal:
    """Return the shortest number that approves exactly the people of this place.

    A policy's band is written by people: 0.07 instead of 0.07023999999999999. Anything above the
    highest probability approved and up to `below` is the same cut-off.
    """
    exact = _as_judged(found.below[place])
    highest = _as_judged(found.below[place - 1]) if place else exact
    # The last cut-off has no next applicant, so everything above the highest will do.
    ceiling = Decimal(1) if place == len(found) - 1 else exact
    if highest >= ceiling:
        return exact
    with localcontext(prec=_MOST_PLACES + 1):
        for places in range(_MOST_PLACES):
            shorter = ceiling.quantize(Decimal(1).scaleb(-places), rounding=ROUND_FLOOR)
            if shorter > highest:
                return shorter
    return exact


def _as_judged(pd: float) -> Decimal:
    # A policy compares the float's shortest exact text.
    return Decimal(repr(float(pd)))


def _safe(found: Curve, wish: Wish) -> npt.NDArray[np.bool_]:
    if wish.largest_bad_rate == 1:
        return np.ones(len(found), dtype=np.bool_)
    safe: npt.NDArray[np.bool_] = (found.approved == 0) | (
        found.bad_rate(wish.basis) <= wish.largest_bad_rate
    )
    return safe


def _infeasible(
    found: Curve, wish: Wish, enough: npt.NDArray[np.bool_], safe: npt.NDArray[np.bool_]
) -> Infeasible:
    rates = found.bad_rate(wish.basis)[enough]
    rates = rates[~np.isnan(rates)]
    return Infeasible(
        least_bad_rate=float(rates.min()) if len(rates) else None,
        largest_approval_rate=float(found.approval_rate[safe].max()),
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
