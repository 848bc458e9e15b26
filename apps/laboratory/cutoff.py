"""What every cut-off on the probability of default does, and the best one within limits. Pure.

Approved is who has a `pd` below the cut-off, as in a policy's bands; people with one `pd` are
decided alike. Sums are statistics in floats of one currency; nothing here is posted to a ledger.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml import profit
from ml.profit import LoanTerms

Floats = npt.NDArray[np.float64]
Goal = Literal["profit", "loss"]
Basis = Literal["expected", "realised"]

# A Decimal of this many places tells any two different floats between 0 and 1 apart.
_MOST_PLACES = 1075


@dataclass(frozen=True)
class Sample:
    """Past applications: one probability, one loan and, where it is known, one outcome each.

    `bad` is 1 (defaulted), 0 (repaid) or NaN (not known).
    """

    pd: Floats
    terms: LoanTerms
    bad: Floats

    def __post_init__(self) -> None:
        """Refuse outcomes that are none, and lists of different length."""
        if self.bad.shape != self.pd.shape:
            raise ValueError("Every application needs one probability and one outcome.")
        if not np.isin(self.bad[~np.isnan(self.bad)], (0, 1)).all():
            raise ValueError("An outcome is 0 (repaid), 1 (defaulted) or not known.")


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
    """Every cut-off that changes a decision, from approving nobody to everybody.

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
    """Return all cut-offs of some applications.

    ValueError for no application, a probability outside 0 to 1 and terms that are no loan.
    """
    economics = profit.amortising(sample.terms)
    earned = profit.profit_curve(sample.pd, economics)
    _, position = np.unique(sample.pd, return_inverse=True)
    is_known = ~np.isnan(sample.bad)
    known = _running(position, is_known.astype(np.float64))
    bads = _running(position, np.where(is_known, sample.bad, 0.0))
    with np.errstate(invalid="ignore"):
        realised = bads / known
    return Curve(
        below=earned.below,
        approved=earned.approved,
        approval_rate=earned.approval_rate,
        expected_bad_rate=earned.bad_rate,
        known=known,
        realised_bad_rate=realised,
        expected_loss=_running(position, _expected_losses(sample)),
        expected_profit=earned.profit,
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


def _expected_losses(sample: Sample) -> Floats:
    terms = sample.terms
    at_default = np.asarray(terms.amount, dtype=np.float64) * terms.exposure_share
    losses: Floats = sample.pd * at_default * terms.loss_given_default
    return losses


def _running(position: npt.NDArray[np.intp], values: Floats) -> Floats:
    """Return the sum over everybody up to each distinct probability, after a first zero."""
    sums: Floats = np.concatenate([[0.0], np.cumsum(np.bincount(position, weights=values))])
    return sums


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
