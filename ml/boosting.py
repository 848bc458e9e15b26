"""LightGBM trees: directions from the schema, missing values and categories as they are.

Guarantees: the same rows, configuration and library give the same text; a feature with a declared
direction never works the other way; the weight of a rare class changes what the trees look at
but not the level of the risk: its logarithm is taken out again (`bad_weight`), and the calibration
does the rest.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import lightgbm
import numpy as np

from ml._growing import Growing, Sample
from ml._single_row import SingleRow
from ml._tree_config import BoostingConfig, ForestConfig, TreeConfig
from ml.estimator import CrossFit, Estimator, Floats, Folds, best_stage, inner_fold, stages
from ml.schema import Schema
from ml.target_statistics import TargetStatistics

__all__ = [
    "BoostingConfig",
    "BoostingEstimator",
    "Forest",
    "ForestConfig",
    "ForestEstimator",
    "Trees",
]


@dataclass(frozen=True, eq=False)
class Trees:
    """Grown trees. `shift` takes the weight of a rare class out of the margin again."""

    kind: ClassVar[str] = "lightgbm"

    schema: Schema
    booster: lightgbm.Booster
    statistics: TargetStatistics
    shift: float = 0.0

    def __post_init__(self) -> None:
        """Refuse trees of other features than the schema's."""
        if tuple(self.booster.feature_name()) != self.schema.names:
            raise ValueError("The trees were grown on other features than the schema names.")

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return what the trees add up to, in log-odds of bad."""
        seen = self.statistics.apply(matrix) if self.statistics.levels else matrix
        if len(seen) == 1:
            found = self._alone.margins(seen)
        else:
            found = self.booster.predict(seen, raw_score=True, num_threads=threads)  # type: ignore[assignment]  # an array for an array
        found = self._joined(found)
        return found - self.shift if self.shift else found

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return exact TreeSHAP values, path-dependent, with the expected margin last."""
        seen = self.statistics.apply(matrix) if self.statistics.levels else matrix
        if len(seen) == 1:
            shares = self._alone.contributions(seen)
        else:
            shares = self.booster.predict(seen, pred_contrib=True, num_threads=threads)  # type: ignore[assignment]  # an array for an array
        shares = self._joined(shares)
        if self.shift:
            shares[:, -1] -= self.shift
        return shares

    def _joined(self, total: Floats) -> Floats:
        """Return what the trees say together, from the sum of what each says."""
        return total

    @cached_property
    def _alone(self) -> SingleRow:
        return SingleRow(self.booster)

    def to_body(self) -> str:
        """Return LightGBM's own text, or JSON around it where more belongs to the model."""
        text: str = self.booster.model_to_string(num_iteration=-1)
        if not self.statistics.levels and not self.shift:
            return text
        parts = {"trees": text, "statistics": self.statistics.to_dict(), "shift": self.shift}
        return json.dumps(parts, sort_keys=True)

    @classmethod
    def from_body(cls, body: str, schema: Schema) -> Self:
        """Return the trees that `to_body` wrote; ValueError or KeyError for anything else."""
        parts: dict[str, Any] = {"trees": body, "statistics": {}, "shift": 0.0}
        if body.startswith("{"):
            parts = json.loads(body)
        if not _is_whole(str(parts["trees"])):
            raise ValueError("These are not LightGBM's trees, or they were cut short.")
        try:
            booster = lightgbm.Booster(model_str=parts["trees"])
        except (lightgbm.basic.LightGBMError, TypeError) as error:
            raise ValueError(f"These are not LightGBM's trees: {error}") from error
        statistics = TargetStatistics.from_dict(dict(parts["statistics"]))
        return cls(schema, booster, statistics, float(parts["shift"]))

    def facts(self) -> dict[str, Any]:
        """Return the number of trees and the most leaves of one."""
        table = self.booster.dump_model(num_iteration=-1)["tree_info"]
        leaves = max((int(tree["num_leaves"]) for tree in table), default=0)
        return {"trees": self.booster.num_trees(), "leaves": leaves}


@dataclass(frozen=True, eq=False)
class Forest(Trees):
    """Trees side by side. The margin is the mean of their leaves: a straight line of the bad rate.

    LightGBM's leaf is one Newton step from the portfolio's log-odds, (rate - p) / (p (1 - p)).
    """

    kind: ClassVar[str] = "forest"

    def _joined(self, total: Floats) -> Floats:
        # LightGBM averages its probabilities only, not margins and attributions.
        return total / self.booster.num_trees()


class BoostingEstimator(Estimator):
    """Grows trees by `BoostingConfig`, as many as rows unseen by them ask for."""

    _model: ClassVar[type[Trees]] = Trees

    @property
    def settings(self) -> TreeConfig:
        """Return the configuration, the default one if none was given."""
        config: TreeConfig = self.config or BoostingConfig()
        return config

    def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> Trees:
        """Return trees grown on all rows, as many as an inner part of them predicts best with."""
        sample = Sample(matrix, bad, weight)
        trees = self.settings.trees or self._best_number(sample)
        growing = Growing(self.schema, self.settings, sample)
        return self._model(self.schema, growing.grow(trees), growing.statistics, growing.shift)

    def cross_fit(
        self, matrix: Floats, bad: Floats, weight: Floats | None, folds: Folds
    ) -> CrossFit:
        """Return margins of unseen rows, all with the number of trees that is best over folds."""
        sample = Sample(matrix, bad, weight)
        growings = [Growing(self.schema, self.settings, sample.part(seen)) for seen, _ in folds]
        fixed = self.settings.trees
        grown = [
            growing.watch(sample.part(unseen)) if fixed is None else growing.grow(fixed)
            for growing, (_, unseen) in zip(growings, folds, strict=True)
        ]
        numbers = [fixed] if fixed else stages(min(booster.num_trees() for booster in grown))
        found = {trees: np.full(len(bad), np.nan) for trees in numbers}
        for growing, booster, (_, unseen) in zip(growings, grown, folds, strict=True):
            for trees, margins in growing.staged(booster, matrix[unseen], numbers):
                found[trees][unseen] = margins
        best = fixed or best_stage(found, bad, weight)
        return CrossFit(found[best], type(self)(self.schema, replace(self.settings, trees=best)))

    def _best_number(self, sample: Sample) -> int:
        inner, outer = inner_fold(
            sample.bad, share=self.settings.validation_share, seed=self.settings.seed
        )
        growing = Growing(self.schema, self.settings, sample.part(inner))
        unseen = sample.part(outer)
        booster = growing.watch(unseen)
        found = growing.staged(booster, unseen.matrix, stages(booster.num_trees()))
        return best_stage(dict(found), unseen.bad, unseen.weight)


class ForestEstimator(BoostingEstimator):
    """Grows a random forest by `ForestConfig`."""

    _model: ClassVar[type[Trees]] = Forest

    @property
    def settings(self) -> TreeConfig:
        """Return the configuration, the default one if none was given."""
        config: TreeConfig = self.config or ForestConfig()
        return config


def _is_whole(text: str) -> bool:
    """Say whether the trees are as long as their header says.

    LightGBM's reader ends the whole process, without an exception, at trees that were cut short.
    """
    head, mark, trees = text.partition("\nTree=0")
    sizes = [line for line in head.splitlines() if line.startswith("tree_sizes=")]
    if not mark or len(sizes) != 1:
        return False
    length = sum(int(size) for size in sizes[0].removeprefix("tree_sizes=").split())
    return trees.startswith("end of trees", length - len("Tree=0"))
