"""From a model's raw margin to a probability that can be believed.

A calibration is a straight line in log-odds (Platt) and, where the line does not fit, an
increasing curve after it (beta or isotonic). The line keeps the order of applicants and lets
exact attributions of the margin be attributions of its log-odds; the curve keeps the order too
but bends the level, so explanations stop before it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEPS = 50
_TOLERANCE = 1e-12
_WORST_CONDITION = 1e14
_HALVINGS = 30
# What two sums of the same terms may differ by.
_SLACK = 1e-12


class NoSignal(ValueError):
    """The margin does not order the outcomes, so no increasing map can calibrate it."""


class Curve(Protocol):
    """An increasing map from the line's log-odds to the calibrated log-odds."""

    def __call__(self, log_odds: Floats) -> Floats:
        """Return the calibrated log-odds."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON values, with its `method`."""
        ...


@dataclass(frozen=True)
class Platt:
    """A straight line in log-odds: intercept + slope x margin, with a positive slope.

    Being linear it keeps the order of applicants and lets exact attributions of the margin be
    attributions of the calibrated log-odds: each is multiplied by the slope.
    """

    intercept: float
    slope: float

    def __post_init__(self) -> None:
        """Refuse a line that would turn the order around."""
        if not (math.isfinite(self.intercept) and math.isfinite(self.slope) and self.slope > 0):
            raise NoSignal("The calibration needs finite numbers and a positive slope.")

    def log_odds(self, margin: float) -> float:
        """Return the calibrated log-odds of bad of one margin."""
        return self.intercept + self.slope * margin

    def log_odds_of(self, margins: Floats) -> Floats:
        """Return the calibrated log-odds of bad of many margins."""
        calibrated: Floats = self.intercept + self.slope * margins
        return calibrated

    def to_dict(self) -> dict[str, float | str]:
        """Return the two numbers and the name of the method."""
        return {"method": "platt", **asdict(self)}


@dataclass(frozen=True)
class Beta:
    """Beta calibration (Kull, Silva Filho, Flach 2017): c + a ln p - b ln(1 - p), a and b >= 0."""

    a: float
    b: float
    c: float

    def __post_init__(self) -> None:
        """Refuse a curve that falls or stands still."""
        if not (all(map(math.isfinite, (self.a, self.b, self.c))) and min(self.a, self.b) >= 0):
            raise NoSignal("A beta calibration needs finite numbers and an increasing curve.")
        if self.a + self.b == 0:
            raise NoSignal("A beta calibration needs an increasing curve.")

    def __call__(self, log_odds: Floats) -> Floats:
        """Return the calibrated log-odds."""
        bent: Floats = self.c - self.a * _softplus(-log_odds) + self.b * _softplus(log_odds)
        return bent

    def to_dict(self) -> dict[str, Any]:
        """Return the three numbers and the name of the method."""
        return {"method": "beta", **asdict(self)}


@dataclass(frozen=True)
class Isotonic:
    """Straight pieces between knots in log-odds; level before the first and after the last."""

    at: tuple[float, ...]
    becomes: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse knots that are not in order."""
        at, becomes = np.array(self.at), np.array(self.becomes)
        if not (len(at) == len(becomes) > 1 and np.isfinite([at, becomes]).all()):
            raise NoSignal("An isotonic calibration needs at least two finite knots.")
        if (np.diff(at) <= 0).any() or (np.diff(becomes) < 0).any():
            raise NoSignal("The knots of an isotonic calibration must be in order.")

    def __call__(self, log_odds: Floats) -> Floats:
        """Return the calibrated log-odds."""
        bent: Floats = np.interp(log_odds, self.at, self.becomes)
        return bent

    def to_dict(self) -> dict[str, Any]:
        """Return the knots and the name of the method."""
        return {"method": "isotonic", "at": list(self.at), "becomes": list(self.becomes)}


@dataclass(frozen=True)
class Calibration:
    """The line that explanations use, and the curve after it if there is one."""

    line: Platt
    curve: Curve | None = None

    @property
    def method(self) -> str:
        """Return platt, beta or isotonic."""
        return "platt" if self.curve is None else str(self.curve.to_dict()["method"])

    def final(self, log_odds: float) -> float:
        """Return the calibrated log-odds of one value of the line, to the bit as in `finals`."""
        if self.curve is None:
            return log_odds
        return float(self.curve(np.array([log_odds]))[0])

    def finals(self, log_odds: Floats) -> Floats:
        """Return the calibrated log-odds of many values of the line."""
        return log_odds if self.curve is None else self.curve(log_odds)

    def probability_of(self, margins: Floats) -> Floats:
        """Return the calibrated probability of bad of many margins."""
        return probability(self.finals(self.line.log_odds_of(margins)))

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as JSON values; a plain line looks as it always did."""
        if self.curve is None:
            return self.line.to_dict()
        return {**self.line.to_dict(), "method": self.method, "curve": self.curve.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Calibration":
        """Return what `to_dict` wrote; KeyError, TypeError or ValueError if it is something else.

        NoSignal, a ValueError, where its numbers make no increasing map.
        """
        line = Platt(intercept=data["intercept"], slope=data["slope"])
        if "curve" not in data:
            return cls(line)
        curve = dict(data["curve"])
        method = curve.pop("method")
        if method == "beta":
            return cls(line, Beta(**curve))
        if method == "isotonic":
            return cls(line, Isotonic(at=tuple(curve["at"]), becomes=tuple(curve["becomes"])))
        raise ValueError(f"The calibration method {method!r} is unknown.")


def fit_platt(margins: Floats, bad: Floats, weight: Floats | None = None) -> Platt:
    """Return the maximum-likelihood line; NoSignal if the margins do not order the outcomes.

    Newton's method on two parameters, each step halved until the fit is no worse: where bads are
    few and stand far out, whole steps leap over the best line and away. Both outcomes must occur.
    Margins should be out of fold: those a model gives to its own training rows are too sure of
    themselves.
    """
    if margins.min() == margins.max():
        raise NoSignal("The model gives every applicant the same margin.")
    counted = np.ones_like(margins) if weight is None else weight
    rate = float(np.average(bad, weights=counted))
    # Margins of one common size: a model of tiny steps is as good as its multiple.
    middle, spread = float(margins.mean()), float(margins.std())
    design = np.column_stack([np.ones_like(margins), (margins - middle) / spread])
    weights = np.array([np.log(rate / (1 - rate)), 0.0])
    for _ in range(_STEPS):
        fitted = probability(design @ weights)
        information = design.T @ (design * (counted * fitted * (1 - fitted))[:, None])
        if np.linalg.cond(information) > _WORST_CONDITION:
            break
        whole = np.linalg.solve(information, design.T @ (counted * (bad - fitted)))
        step = _no_worse(
            whole.astype(np.float64), lambda tried: _misfit(design @ tried, bad, counted), weights
        )
        weights = weights + step
        if float(np.abs(step).max()) < _TOLERANCE:
            slope = float(weights[1]) / spread
            return Platt(intercept=float(weights[0]) - slope * middle, slope=slope)
    raise NoSignal("The calibration does not settle; the outcomes may be perfectly separated.")


def _no_worse(step: Floats, misfit: Callable[[Floats], float], at: Floats) -> Floats:
    """Return the step, halved until it does not make the misfit larger than it is."""
    now = misfit(at)
    for _ in range(_HALVINGS):
        if misfit(at + step) <= now + _SLACK * abs(now):
            break
        step = step / 2
    return step


def _misfit(log_odds: Floats, bad: Floats, counted: Floats) -> float:
    """Return the mean negative log-likelihood of outcomes, counted by weights."""
    return float(np.average(_softplus(log_odds) - bad * log_odds, weights=counted))


def probability_of(log_odds: float) -> float:
    """Return the same as `probability` to the last bit, for one number and without arrays."""
    small = float(np.exp(-abs(log_odds)))
    return 1 / (1 + small) if log_odds >= 0 else small / (1 + small)


def probability(log_odds: Floats) -> Floats:
    """Return the probability of bad without overflow at either end."""
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1 / (1 + small), small / (1 + small))


def _softplus(value: Floats) -> Floats:
    """Return ln(1 + e^value) without overflow."""
    soft: Floats = np.logaddexp(0.0, value)
    return soft
