"""Chooses how to calibrate: a line, a beta curve or an isotonic curve, on out-of-fold margins.

The choice is made by cross-validation on the out-of-fold margins themselves, so a curve has to
predict outcomes it has not seen. The simplest wins unless another is better beyond chance.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from ml import calibration
from ml.calibration import Beta, Calibration, Curve, Isotonic, NoSignal, Platt

Floats = npt.NDArray[np.float64]
Method = Literal["auto", "platt", "beta", "isotonic"]

METHODS: tuple[Method, ...] = ("platt", "beta", "isotonic")
_FOLDS = 5
_CLIP = 1e-15
_ALMOST_UNPENALISED = 1e6
# A curve must win by this many standard errors of the paired difference in log-loss.
_ERRORS_TO_WIN = 2.0
_FEWEST_FOR_A_CURVE = 1000
_FEWEST_IN_A_KNOT = 50


@dataclass(frozen=True)
class Choice:
    """The calibration and why: each method's log-loss on rows it was not fitted to."""

    calibration: Calibration
    log_loss: dict[Method, float]
    reason: str


def choose(margins: Floats, bad: Floats, *, method: Method = "auto", seed: int = 0) -> Choice:
    """Return the calibration of out-of-fold margins; NoSignal if they do not order the outcomes.

    With `auto` a curve is considered from 1,000 rows on and taken when its cross-validated
    log-loss is better than the line's by two standard errors of the paired difference.
    """
    line = calibration.fit_platt(margins, bad)
    if method != "auto":
        return Choice(_fitted(method, line, margins, bad), {}, f"{method} was asked for")
    if len(bad) < _FEWEST_FOR_A_CURVE:
        return Choice(Calibration(line), {}, "too few rows for a curve")
    losses = {name: _unseen_losses(name, margins, bad, seed) for name in METHODS}
    figures = {name: float(loss.mean()) for name, loss in losses.items()}
    best: Method = min(METHODS, key=lambda name: figures[name])
    gain = losses["platt"] - losses[best]
    error = float(gain.std(ddof=1)) / math.sqrt(len(gain))
    if best == "platt" or float(gain.mean()) <= _ERRORS_TO_WIN * error:
        return Choice(Calibration(line), figures, "no curve is better than the line beyond chance")
    return Choice(_fitted(best, line, margins, bad), figures, f"{best} is better beyond chance")


def _fitted(method: Method, line: Platt, margins: Floats, bad: Floats) -> Calibration:
    log_odds = line.log_odds_of(margins)
    curve: Curve | None = None
    if method == "beta":
        curve = _beta(log_odds, bad)
    elif method == "isotonic":
        curve = _isotonic(log_odds, bad)
    elif method != "platt":
        raise ValueError(f"The calibration method {method!r} is unknown.")
    return Calibration(line, curve)


def _unseen_losses(method: Method, margins: Floats, bad: Floats, seed: int) -> Floats:
    losses = np.empty(len(bad))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(margins, bad)
    for seen, unseen in folds:
        line = calibration.fit_platt(margins[seen], bad[seen])
        fitted = _fitted(method, line, margins[seen], bad[seen])
        pd = np.clip(fitted.probability_of(margins[unseen]), _CLIP, 1 - _CLIP)
        losses[unseen] = -np.where(bad[unseen] == 1, np.log(pd), np.log1p(-pd))
    return losses


def _beta(log_odds: Floats, bad: Floats) -> Beta:
    """Return the maximum-likelihood curve; a part that would fall is left out."""
    safe = -np.logaddexp(0.0, -log_odds)
    risky = np.logaddexp(0.0, log_odds)
    for columns in ((0, 1), (0,), (1,)):
        design = np.column_stack([safe, risky])[:, columns]
        fitted = LogisticRegression(C=_ALMOST_UNPENALISED, max_iter=1000).fit(design, bad)
        found = dict(zip(columns, fitted.coef_[0].tolist(), strict=True))
        if all(value >= 0 for value in found.values()):
            return Beta(a=found.get(0, 0.0), b=found.get(1, 0.0), c=float(fitted.intercept_[0]))
    raise NoSignal("No increasing beta curve fits these outcomes.")


def _isotonic(log_odds: Floats, bad: Floats) -> Isotonic:
    """Return the middle of each level of an isotonic fit as a knot, in log-odds.

    Levels of few rows would promise 0 or 1: each is drawn towards the portfolio's rate by one
    row, and neighbours are merged up to 50 rows.
    """
    order = np.argsort(log_odds, kind="stable")
    level = IsotonicRegression(out_of_bounds="clip").fit_transform(log_odds[order], bad[order])
    starts = np.flatnonzero(np.r_[True, np.diff(level) > 0])
    kept = [0]
    for start in starts[1:].tolist():
        if start - kept[-1] >= _FEWEST_IN_A_KNOT and len(bad) - start >= _FEWEST_IN_A_KNOT:
            kept.append(start)
    rows = np.diff([*kept, len(bad)])
    bads = np.add.reduceat(bad[order], kept)
    at = np.add.reduceat(log_odds[order], kept) / rows
    rate = (bads + bad.mean()) / (rows + 1)
    becomes = np.maximum.accumulate(np.log(rate) - np.log1p(-rate))
    distinct = np.r_[True, np.diff(at) > 0]
    return Isotonic(at=tuple(at[distinct].tolist()), becomes=tuple(becomes[distinct].tolist()))
