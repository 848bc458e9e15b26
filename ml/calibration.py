"""From a model's raw margin to log-odds that can be believed."""

import math
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEPS = 50
_TOLERANCE = 1e-12
_WORST_CONDITION = 1e14


class NoSignal(ValueError):
    """The margin does not order the outcomes, so no increasing map can calibrate it."""


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


def fit_platt(margins: Floats, bad: Floats) -> Platt:
    """Return the maximum-likelihood line; NoSignal if the margins do not order the outcomes.

    Newton's method on two parameters; both outcomes must occur. Margins should be out of fold:
    those a model gives to its own training rows are too sure of themselves.
    """
    if margins.min() == margins.max():
        raise NoSignal("The model gives every applicant the same margin.")
    design = np.column_stack([np.ones_like(margins), margins])
    weights = np.array([np.log(bad.mean() / (1 - bad.mean())), 0.0])
    for _ in range(_STEPS):
        fitted = probability(design @ weights)
        information = design.T @ (design * (fitted * (1 - fitted))[:, None])
        if np.linalg.cond(information) > _WORST_CONDITION:
            break
        step = np.linalg.solve(information, design.T @ (bad - fitted))
        weights = weights + step
        if float(np.abs(step).max()) < _TOLERANCE:
            return Platt(intercept=float(weights[0]), slope=float(weights[1]))
    raise NoSignal("The calibration does not settle; the outcomes may be perfectly separated.")


def probability_of(log_odds: float) -> float:
    """Return the same as `probability` to the last bit, for one number and without arrays."""
    small = float(np.exp(-abs(log_odds)))
    return 1 / (1 + small) if log_odds >= 0 else small / (1 + small)


def probability(log_odds: Floats) -> Floats:
    """Return the probability of bad without overflow at either end."""
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1 / (1 + small), small / (1 + small))
