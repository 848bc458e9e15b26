"""One set of training rows, encoded for LightGBM, and the ways to grow trees on it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from ml import target_statistics
from ml._tree_config import TreeConfig
from ml.estimator import Floats, Positions, patience
from ml.schema import Schema
from ml.target_statistics import Learned, TargetStatistics


@dataclass(frozen=True, eq=False)
class Sample:
    """Encoded rows, their outcomes, and a weight for each if they do not count alike."""

    matrix: Floats
    bad: Floats
    weight: Floats | None

    def part(self, rows: Positions) -> "Sample":
        """Return some of the rows."""
        weight = None if self.weight is None else self.weight[rows]
        return Sample(self.matrix[rows], self.bad[rows], weight)

    def weights(self, bad_weight: float) -> Floats | None:
        """Return each row's weight with a default counting `bad_weight` times; None if all 1."""
        if bad_weight == 1:
            return self.weight
        own: npt.NDArray[np.float64] = np.where(self.bad == 1, bad_weight, 1.0)
        return own if self.weight is None else own * self.weight


@dataclass(frozen=True, eq=False)
class Growing:
    """Training rows and a configuration; grows trees as often as asked."""

    schema: Schema
    config: TreeConfig
    sample: Sample

    @cached_property
    def _learned(self) -> Learned:
        positions = target_statistics.positions_of(
            self.schema, least_categories=self.config.many_categories
        )
        return target_statistics.learn(
            self.sample.matrix,
            self.sample.bad,
            schema=self.schema,
            positions=positions,
            prior_weight=self.config.prior_weight,
            seed=self.config.seed,
            weight=self.sample.weight,
        )

    @property
    def statistics(self) -> TargetStatistics:
        """Return the numbers that stand for categories with many levels."""
        return self._learned.statistics

    @property
    def shift(self) -> float:
        """Return what the weight of the rare class adds to every margin."""
        return math.log(self.config.bad_weight)

    def grow(self, trees: int) -> lightgbm.Booster:
        """Return that many trees."""
        return lightgbm.train(self._parameters(), self._dataset(), num_boost_round=trees)

    def watch(self, unseen: Sample) -> lightgbm.Booster:
        """Return trees grown until unseen rows have long stopped gaining."""
        fitting = self._dataset()
        watched = lightgbm.Dataset(
            self.statistics.apply(unseen.matrix),
            label=unseen.bad,
            weight=unseen.weights(self.config.bad_weight),
            reference=fitting,
        )
        rounds, least = self.config.early_stopping_rounds, self.config.least_patience
        waits = patience(rounds, len(self.sample.bad), least=least)
        return lightgbm.train(
            self._parameters(),
            fitting,
            num_boost_round=self.config.most_trees,
            valid_sets=[watched],
            callbacks=[lightgbm.early_stopping(waits, verbose=False)],
            # Otherwise the trees after the last gain are cut off, and with them the stages that
            # only calibration shows to be better.
            keep_training_booster=True,
        )

    def staged(
        self, booster: lightgbm.Booster, matrix: Floats, numbers: list[int]
    ) -> Iterator[tuple[int, Floats]]:
        """Yield each number of trees with the margins that so many first trees give other rows."""
        seen = self.statistics.apply(matrix)
        total, before = np.full(len(matrix), -self.shift), 0
        for trees in numbers:
            # A forest's margin is a mean, so it does not add up from stage to stage.
            start = 0 if self.config.averages else before
            part = booster.predict(
                seen,
                raw_score=True,
                start_iteration=start,
                num_iteration=trees - start,
                num_threads=self.config.num_threads,
            )
            if self.config.averages:
                total = np.asarray(part) / trees - self.shift
            else:
                total = np.asarray(part) + total
            yield trees, total
            before = trees

    def _dataset(self) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            self._learned.matrix,
            label=self.sample.bad,
            weight=self.sample.weights(self.config.bad_weight),
            feature_name=list(self.schema.names),
            categorical_feature=list(self._categories()),
            params={"verbosity": -1, "num_threads": self.config.num_threads},
        )

    def _categories(self) -> Iterator[int]:
        for position, feature in enumerate(self.schema.features):
            if feature.kind == "category" and position not in self.statistics.levels:
                yield position

    def _parameters(self) -> dict[str, Any]:
        parameters = self.config.parameters()
        if self.config.monotone:
            # A bad rate that stands for a category is riskier when it is higher.
            parameters["monotone_constraints"] = [
                1 if position in self.statistics.levels else feature.direction
                for position, feature in enumerate(self.schema.features)
            ]
        return parameters
