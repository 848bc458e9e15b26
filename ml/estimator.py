"""The one shape of every model: an estimator that learns, and the frozen model it leaves behind.

An estimator is scikit-learn's: `Estimator(schema, config).fit(matrix, bad)`. What it learned is
`model_`, a `Fitted`: immutable, serialisable as text, exact in explanation. Matrices are those of
`Schema.encode`: float64, one column per feature in declared order, a category as its position,
NaN where missing. `bad` is 1.0 for a default and 0.0 otherwise.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split

from ml.calibration import NoSignal, fit_platt, probability
from ml.schema import Feature, Schema

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int_]
Folds = Sequence[tuple[Positions, Positions]]

FEWEST_ROWS = 200
FEWEST_OF_A_CLASS = 20
LEAST_PATIENCE = 50
_STAGE = 20
_ROWS_OF_FULL_PATIENCE = 2000


class TrainingRefused(ValueError):
    """The data cannot carry a model; the sentence says why."""


@runtime_checkable
class Fitted(Protocol):
    """A model that has learned. It never changes and holds nothing that can run.

    `margins`: shape (rows,), higher is riskier, in log-odds or a straight line of them.
    `contributions`: shape (rows, features + 1), exact Shapley attributions in the unit of the
    margin; the last column is the base, and every row sums to its margin within 1e-6.
    `to_body`: the model as text (JSON, or LightGBM's own format); `ml.families.load` reads it.
    `facts`: what a page shows of it, as JSON values.
    """

    kind: ClassVar[str]

    @property
    def schema(self) -> Schema:
        """Return the contract the model was trained on."""
        ...

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return one margin per row."""
        ...

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return the attributions of every row, the base in the last column."""
        ...

    def to_body(self) -> str:
        """Return the model as text."""
        ...

    def facts(self) -> dict[str, Any]:
        """Return what describes the model's size and shape, as JSON values."""
        ...


@dataclass(frozen=True)
class CrossFit:
    """Every row's margin from a model that never saw it, and the estimator this settled.

    `estimator` holds what had to be found by looking at unseen rows, such as the number of
    trees; fitting it to all rows gives the model that `margins` speak for.
    """

    margins: Floats
    estimator: "Estimator"


class Estimator(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]  # untyped library
    """What all estimators share. A subclass says how to `learn`; `config` is its dataclass."""

    def __init__(self, schema: Schema, config: Any = None) -> None:
        self.schema = schema
        self.config = config

    @abstractmethod
    def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> Fitted:
        """Return the model of checked data; `weight` is one positive number per row or None."""

    def cross_fit(
        self, matrix: Floats, bad: Floats, weight: Floats | None, folds: Folds
    ) -> CrossFit:
        """Return out-of-fold margins; every row is in exactly one unseen part of `folds`."""
        margins = np.empty(len(bad), dtype=np.float64)
        for seen, unseen in folds:
            part = None if weight is None else weight[seen]
            margins[unseen] = self.learn(matrix[seen], bad[seen], part).margins(matrix[unseen])
        return CrossFit(margins, self)

    def fit(self, matrix: Floats, bad: Floats, sample_weight: Floats | None = None) -> Self:
        """Learn from an encoded matrix and its outcomes; TrainingRefused says why it cannot."""
        checked, outcomes = checked_matrix(self.schema, matrix), checked_outcomes(bad)
        if len(checked) != len(outcomes):
            raise TrainingRefused(f"There are {len(checked)} rows but {len(outcomes)} outcomes.")
        weight = checked_weight(sample_weight, len(outcomes))
        self.model_ = self.learn(checked, outcomes, weight)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = checked.shape[1]
        return self

    def decision_function(self, matrix: Floats) -> Floats:
        """Return the margin of every row."""
        margins: Floats = self.model_.margins(checked_matrix(self.schema, matrix))
        return margins

    def predict_proba(self, matrix: Floats) -> Floats:
        """Return the uncalibrated probabilities of good and bad, shape (rows, 2)."""
        bad = probability(self.decision_function(matrix))
        return np.column_stack([1 - bad, bad])

    def predict(self, matrix: Floats) -> npt.NDArray[np.int_]:
        """Return 1 where the uncalibrated probability of bad is at least one half."""
        return (self.decision_function(matrix) >= 0).astype(np.int_)


def checked_matrix(schema: Schema, matrix: Floats) -> Floats:
    """Return the matrix as float64; ValueError for what `Schema.encode` could not have written.

    That is another shape, an infinite value, or what is no position of a category. Whether a
    number is in its range is not asked again.
    """
    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(schema.names):
        raise ValueError(
            f"The matrix has shape {values.shape}; {schema.name} has {len(schema.names)} features."
        )
    if np.isinf(values).any():
        raise ValueError("The matrix holds an infinite value.")
    for position, feature in enumerate(schema.features):
        if feature.kind == "category" and not _are_positions(values[:, position], feature):
            raise ValueError(f"{feature.name} holds a number that is no position of a category.")
    return values


def _are_positions(codes: Floats, feature: Feature) -> bool:
    given = codes[~np.isnan(codes)]
    known = (given >= 0) & (given < len(feature.categories)) & (given == np.floor(given))
    return bool(known.all())


def checked_outcomes(bad: Floats) -> Floats:
    """Return outcomes as 0.0 and 1.0, or TrainingRefused: too few, of one class, or neither."""
    values = np.asarray(bad)
    if values.ndim != 1 or values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise TrainingRefused("Every outcome must be 0 (good) or 1 (bad).")
    outcomes = values.astype(np.float64)
    rows, bads = len(outcomes), int(outcomes.sum())
    if rows < FEWEST_ROWS:
        raise TrainingRefused(f"A model needs at least {FEWEST_ROWS} rows; there are {rows}.")
    if bads in (0, rows):
        raise TrainingRefused("All outcomes are the same, so there is nothing to tell apart.")
    if min(bads, rows - bads) < FEWEST_OF_A_CLASS:
        raise TrainingRefused(
            f"A model needs at least {FEWEST_OF_A_CLASS} good and as many bad outcomes;"
            f" there are {rows - bads} good and {bads} bad."
        )
    return outcomes


def inner_fold(bad: Floats, *, share: float, seed: int) -> tuple[Positions, Positions]:
    """Return positions to learn from and, apart from them, a share to watch; same mix of both."""
    inner, outer = train_test_split(
        np.arange(len(bad)), test_size=share, random_state=seed, stratify=bad
    )
    return inner, outer


def patience(rounds: int, rows: int, *, least: int = LEAST_PATIENCE) -> int:
    """Return after how many steps without a gain growing stops, on so many rows.

    Up to 2,000 rows it is `rounds`: there the loss turns early and by chance, and more steps may
    still order people better (`best_stage`). With more rows it falls, to `least`, because the
    loss then turns where calibration would have it turn.
    """
    return max(min(rounds, least), round(rounds * min(1.0, _ROWS_OF_FULL_PATIENCE / rows)))


def stages(most: int) -> list[int]:
    """Return the numbers of steps at which a growing model is compared: every twentieth."""
    return sorted({*range(_STAGE, most + 1, _STAGE), most})


def best_stage(margins: Mapping[int, Floats], bad: Floats, weight: Floats | None) -> int:
    """Return the number of steps whose margins of unseen rows predict best once calibrated.

    A model that grows on goes on ordering people better after it has become too sure of itself;
    a straight line mends the latter, so the line comes first and the loss is taken after it.
    """
    losses: dict[int, float] = {}
    for steps, found in margins.items():
        # With a single watched part the other rows have no margin.
        rows = ~np.isnan(found)
        part = None if weight is None else weight[rows]
        try:
            line = fit_platt(found[rows], bad[rows], part)
        except NoSignal:
            continue
        losses[steps] = log_loss_at(line.log_odds_of(found[rows]), bad[rows], part)
    if not losses:
        return min(margins)
    return min(losses, key=lambda steps: (losses[steps], steps))


def log_loss_at(log_odds: Floats, bad: Floats, weight: Floats | None) -> float:
    """Return the mean negative log-likelihood of outcomes under log-odds of bad."""
    return float(np.average(losses_at(log_odds, bad), weights=weight))


def losses_at(log_odds: Floats, bad: Floats) -> Floats:
    """Return each row's negative log-likelihood under its log-odds of bad."""
    losses: Floats = np.logaddexp(0.0, np.where(bad == 1, -log_odds, log_odds))
    return losses


def is_worse(own: Floats, best: Floats, weight: Floats | None, *, errors: float) -> bool:
    """Say whether losses exceed others by over so many standard errors of the difference."""
    gap = own - best
    mean = float(np.average(gap, weights=weight))
    spread = float(np.average(np.square(gap - mean), weights=weight))
    return mean > errors * math.sqrt(spread / len(gap))


def checked_weight(weight: Floats | None, rows: int) -> Floats | None:
    """Return the weights as float64, None for none; TrainingRefused unless all are positive."""
    if weight is None:
        return None
    values = np.asarray(weight, dtype=np.float64)
    if values.shape != (rows,) or not np.isfinite(values).all() or (values <= 0).any():
        raise TrainingRefused("Every row needs one positive, finite weight.")
    return values
