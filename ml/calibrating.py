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

from ml import calibration, splitting
from ml.calibration import Beta, Calibration, Curve, Isotonic, NoSignal, Platt
from ml.splitting import Column, FoldConfig, Folds

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


def choose(
    margins: Floats,
    bad: Floats,
    *,
    weight: Floats | None = None,
    groups: Column | None = None,
    method: Method = "auto",
    seed: int = 0,
) -> Choice:
    """Return the calibration of out-of-fold margins; NoSignal if they do not order the outcomes.

    With `auto` a curve is considered from 1,000 rows on and taken when its cross-validated
    log-loss is better than the line's by two standard errors of the paired difference. Rows of
    one group share a fold; SplitRefused where five folds cannot be made of the rows.
    """
    rows = _Rows(margins, bad, np.ones(len(bad)) if weight is None else weight / weight.mean())
    line = rows.line()
    if method != "auto":
        return Choice(_fitted(method, line, rows), {}, f"{method} was asked for")
    if len(bad) < _FEWEST_FOR_A_CURVE:
        return Choice(Calibration(line), {}, "too few rows for a curve")
    folds = splitting.folds(bad, groups=groups, config=FoldConfig(folds=_FOLDS, seed=seed))
    losses = {name: found for name in METHODS if (found := _unseen_losses(name, rows, folds)).size}
    figures = {name: float(np.average(loss, weights=rows.weight)) for name, loss in losses.items()}
    best: Method = min(figures, key=lambda name: figures[name], default="platt")
    if best == "platt" or not _is_better(losses[best], losses.get("platt"), rows.weight):
        return Choice(Calibration(line), figures, "no curve is better than the line beyond chance")
    return Choice(_fitted(best, line, rows), figures, f"{best} is better beyond chance")


@dataclass(frozen=True, eq=False)
class _Rows:
    """Margins, outcomes and weights, whose mean is one."""

    margins: Floats
    bad: Floats
    weight: Floats

    def part(self, rows: npt.NDArray[np.int_]) -> "_Rows":
        return _Rows(self.margins[rows], self.bad[rows], self.weight[rows])

    def line(self) -> Platt:
        return calibration.fit_platt(self.margins, self.bad, self.weight)


def _fitted(method: Method, line: Platt, rows: _Rows) -> Calibration:
    log_odds = line.log_odds_of(rows.margins)
    curve: Curve | None = None
    if method == "beta":
        curve = _beta(log_odds, rows.bad, rows.weight)
    elif method == "isotonic":
        curve = _isotonic(log_odds, rows.bad, rows.weight)
    elif method != "platt":
        raise ValueError(f"The calibration method {method!r} is unknown.")
    return Calibration(line, curve)


def _unseen_losses(method: Method, rows: _Rows, folds: Folds) -> Floats:
    """Return each row's loss by a calibration that never saw it; none where one fold has none."""
    losses = np.empty(len(rows.bad))
    for seen, unseen in folds:
        known, asked = rows.part(seen), rows.part(unseen)
        try:
            fitted = _fitted(method, known.line(), known)
        except NoSignal:
            return np.empty(0)
        pd = np.clip(fitted.probability_of(asked.margins), _CLIP, 1 - _CLIP)
        losses[unseen] = -np.where(asked.bad == 1, np.log(pd), np.log1p(-pd))
    return losses


def _is_better(losses: Floats, of_line: Floats | None, weight: Floats) -> bool:
    """Say whether losses are less than the line's by more than chance."""
    if of_line is None:
        return False
    gain, rows = of_line - losses, len(losses)
    mean = float(np.average(gain, weights=weight))
    error = math.sqrt(float(np.square(weight * (gain - mean)).sum()) / (rows * (rows - 1)))
    return mean > _ERRORS_TO_WIN * error


def _beta(log_odds: Floats, bad: Floats, weight: Floats) -> Beta:
    """Return the maximum-likelihood curve; a part that would fall is left out."""
    safe = -np.logaddexp(0.0, -log_odds)
    risky = np.logaddexp(0.0, log_odds)
    for columns in ((0, 1), (0,), (1,)):
        design = np.column_stack([safe, risky])[:, columns]
        model = LogisticRegression(C=_ALMOST_UNPENALISED, max_iter=1000)
        fitted = model.fit(design, bad, sample_weight=weight)
        found = dict(zip(columns, fitted.coef_[0].tolist(), strict=True))
        if all(value >= 0 for value in found.values()):
            return Beta(a=found.get(0, 0.0), b=found.get(1, 0.0), c=float(fitted.intercept_[0]))
    raise NoSignal("No increasing beta curve fits these outcomes.")


def _isotonic(log_odds: Floats, bad: Floats, weight: Floats) -> Isotonic:
    """Return the middle of each level of an isotonic fit as a knot, in log-odds.

    Levels of few rows would promise 0 or 1: each is drawn towards the portfolio's rate by one
    row, and neighbours are merged up to 50 rows.
    """
    order = np.argsort(log_odds, kind="stable")
    counted, given = weight[order], log_odds[order]
    level = IsotonicRegression(out_of_bounds="clip").fit_transform(
        given, bad[order], sample_weight=counted
    )
    starts = np.flatnonzero(np.r_[True, np.diff(level) > 0])
    kept = [0]
    for start in starts[1:].tolist():
        if start - kept[-1] >= _FEWEST_IN_A_KNOT and len(bad) - start >= _FEWEST_IN_A_KNOT:
            kept.append(start)
    rows = np.add.reduceat(counted, kept)
    bads = np.add.reduceat(counted * bad[order], kept)
    at = np.add.reduceat(counted * given, kept) / rows
    rate = (bads + np.average(bad, weights=weight)) / (rows + 1)
    becomes = np.maximum.accumulate(np.log(rate) - np.log1p(-rate))
    distinct = np.r_[True, np.diff(at) > 0]
    return Isotonic(at=tuple(at[distinct].tolist()), becomes=tuple(becomes[distinct].tolist()))
