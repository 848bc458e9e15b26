"""One model of several that were tried: the one that predicts rows it never saw best.

This is how a single explainable champion finds the size that suits a portfolio without anybody
turning knobs: every candidate meets the same folds, the least log-loss wins, and what stays is
that candidate alone. Candidates are named from the cheapest to explain to the dearest: one that
is not worse than the winner by a quarter of a standard error of their difference goes before it.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ml import blend, calibration, families
from ml.calibration import NoSignal
from ml.estimator import (
    CrossFit,
    Estimator,
    Fitted,
    Floats,
    Folds,
    TrainingRefused,
    is_worse,
    losses_at,
)
from ml.families import Config

_ERRORS_IN_DOUBT = 0.25


@dataclass(frozen=True, kw_only=True)
class ChoiceConfig:
    """Which single models to try, and the folds they are compared on.

    Below `few_rows` nothing is compared and `for_few` is taken, if there is one: folds of some
    hundred rows cannot tell candidates apart, and choosing by them costs more than it finds
    (0.002 to 0.005 of AUC on the German, Australian and Japanese applications).
    """

    kind: ClassVar[str] = "choice"

    candidates: tuple[Config, ...]
    for_few: Config | None = None
    few_rows: int = 2000
    folds: int = 5
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse a choice among nothing."""
        for name, fits in (
            ("candidates", len(self.candidates) >= 1),
            ("few_rows", self.few_rows >= 0),
            ("folds", self.folds >= 2),
        ):
            if not fits:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}.")

    def tried_on(self, rows: int) -> tuple[Config, ...]:
        """Return the candidates for a sample of so many rows."""
        if self.for_few is not None and rows < self.few_rows:
            return (self.for_few,)
        return self.candidates

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return {
            "candidates": [{"kind": one.kind, **one.to_dict()} for one in self.candidates],
            "for_few": self.for_few and {"kind": self.for_few.kind, **self.for_few.to_dict()},
            "few_rows": self.few_rows,
            "folds": self.folds,
            "seed": self.seed,
        }


class ChoiceEstimator(Estimator):
    """Fits the best of `ChoiceConfig.candidates`."""

    def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> Fitted:
        """Return the winner of inner folds, fitted to all rows."""
        folds = blend.inner_folds(bad, count=self.config.folds, seed=self.config.seed)
        settled = self.cross_fit(matrix, bad, weight, folds).estimator
        return settled.learn(matrix, bad, weight)

    def cross_fit(
        self, matrix: Floats, bad: Floats, weight: Floats | None, folds: Folds
    ) -> CrossFit:
        """Return the winner's margins of unseen rows, and the winner with its size settled."""
        tried: list[tuple[CrossFit, Floats]] = []
        for config in self.config.tried_on(len(bad)):
            candidate = families.estimator(self.schema, config)
            try:
                found = candidate.cross_fit(matrix, bad, weight, folds)
                line = calibration.fit_platt(found.margins, bad, weight)
            except (NoSignal, TrainingRefused):
                continue
            tried.append((found, losses_at(line.log_odds_of(found.margins), bad)))
        if not tried:
            raise TrainingRefused("No candidate orders the outcomes.")
        best = min((losses for _, losses in tried), key=lambda own: np.average(own, weights=weight))
        return next(
            found
            for found, own in tried
            if not is_worse(own, best, weight, errors=_ERRORS_IN_DOUBT)
        )
