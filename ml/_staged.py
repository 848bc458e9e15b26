"""What CatBoost and XGBoost share: trees grown beside watched rows, their number found there."""

from abc import abstractmethod
from dataclasses import replace
from typing import Any

import numpy as np

from ml.estimator import (
    CrossFit,
    Estimator,
    Fitted,
    Floats,
    Folds,
    best_stage,
    inner_fold,
    stages,
)


class StagedEstimator(Estimator):
    """Grows trees one after another by a library of its own kind of rows and boosters.

    `settings` is the configuration: `trees` (None finds their number), `most_trees`,
    `validation_share` and `seed` are what is read here.
    """

    @property
    @abstractmethod
    def settings(self) -> Any:
        """Return the configuration, the default one if none was given."""

    @abstractmethod
    def _rows(self, matrix: Floats, bad: Floats | None = None, weight: Floats | None = None) -> Any:
        """Return the rows as the library reads them."""

    @abstractmethod
    def _grown(self, fitting: Any, trees: int, *, watched: Any = None) -> Any:
        """Return the booster; with watched rows it stops once they gain nothing any more."""

    @abstractmethod
    def _size(self, booster: Any) -> int:
        """Return how many trees the booster has."""

    @abstractmethod
    def _margins_at(self, booster: Any, rows: Any, trees: int) -> Floats:
        """Return the margins that the first so many trees add up to."""

    @abstractmethod
    def _kept(self, booster: Any, matrix: Floats) -> Fitted:
        """Return the model as it is kept; `matrix` is what it learned from."""

    def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> Fitted:
        """Return trees grown on all rows; their number comes from an inner unseen part."""
        trees = self.settings.trees
        if trees is None:
            inner = inner_fold(bad, share=self.settings.validation_share, seed=self.settings.seed)
            found = self.cross_fit(matrix, bad, weight, [inner]).estimator
            trees = found.config.trees or 1
        return self._kept(self._grown(self._rows(matrix, bad, weight), trees), matrix)

    def cross_fit(
        self, matrix: Floats, bad: Floats, weight: Floats | None, folds: Folds
    ) -> CrossFit:
        """Return margins of unseen rows, all with the number of trees that is best over folds."""
        fixed = self.settings.trees

        def part(rows: Any) -> Any:
            return self._rows(matrix[rows], bad[rows], None if weight is None else weight[rows])

        grown = [
            self._grown(
                part(seen),
                fixed or self.settings.most_trees,
                watched=None if fixed else part(unseen),
            )
            for seen, unseen in folds
        ]
        numbers = [fixed] if fixed else stages(min(map(self._size, grown)))
        found = {trees: np.full(len(bad), np.nan) for trees in numbers}
        for booster, (_, unseen) in zip(grown, folds, strict=True):
            rows = self._rows(matrix[unseen])
            for trees, margins in found.items():
                margins[unseen] = self._margins_at(booster, rows, trees)
        best = fixed or best_stage(found, bad, weight)
        return CrossFit(found[best], type(self)(self.schema, replace(self.settings, trees=best)))
