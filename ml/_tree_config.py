"""How to grow LightGBM's trees, one after the other or side by side."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

_AT_LEAST_TWO = 2


@dataclass(frozen=True, kw_only=True)
class TreeConfig:
    """What boosted trees and forests have in common.

    `trees` fixes their number; None finds it on unseen rows, among at most `most_trees`: growing
    stops when `early_stopping_rounds` trees brought nothing (fewer on many rows, down to
    `least_patience`), then the best number after
    calibration is taken. A category
    with at least `many_categories` levels becomes a number first (`ml.target_statistics`); one
    with at most `one_against_rest` is split one level against the others. `bad_weight` lets a
    default count for more while the trees grow. `advanced_directions` bounds the leaves of deep
    trees no more than a declared direction needs, which takes several times as long.

    The trees do not depend on `num_threads`. One is the default because a second thread that
    waits for a busy core costs ten times what it saves (20,000 rows on two cores: 4 s with one
    thread always; with two, 3 s on an idle machine and 33 s on a busy one).
    """

    averages: ClassVar[bool] = False

    trees: int | None = None
    most_trees: int = 400
    num_leaves: int = 8
    min_child_samples: int = 40
    l2: float = 20.0
    path_smooth: float = 0.0
    feature_fraction: float = 0.5
    bagging_fraction: float = 0.8
    one_against_rest: int = 4
    least_of_a_category: int = 100
    many_categories: int = 32
    prior_weight: float = 50.0
    early_stopping_rounds: int = 40
    least_patience: int = 50
    validation_share: float = 0.2
    bad_weight: float = 1.0
    monotone: bool = True
    advanced_directions: bool = False
    seed: int = 42
    num_threads: int = 1

    def __post_init__(self) -> None:
        """Refuse numbers that make no training run."""
        for name, fits in self._checks():
            if not fits:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}.")

    def _checks(self) -> Iterator[tuple[str, bool]]:
        yield "trees", self.trees is None or self.trees >= 1
        yield "bad_weight", 0 < self.bad_weight < math.inf
        for name in ("most_trees", "min_child_samples", "one_against_rest", "least_of_a_category"):
            yield name, getattr(self, name) >= 1
        for name in ("early_stopping_rounds", "least_patience", "num_threads"):
            yield name, getattr(self, name) >= 1
        for name in ("num_leaves", "many_categories"):
            yield name, getattr(self, name) >= _AT_LEAST_TWO
        for name in ("l2", "path_smooth"):
            yield name, getattr(self, name) >= 0
        for name in ("feature_fraction", "bagging_fraction"):
            yield name, 0 < getattr(self, name) <= 1
        yield "validation_share", 0 < self.validation_share < 1
        yield "prior_weight", self.prior_weight > 0

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return asdict(self)

    def parameters(self) -> dict[str, Any]:
        """Return LightGBM's parameters, but for the monotone directions."""
        return {
            "objective": "binary",
            "metric": "binary_logloss",
            "num_leaves": self.num_leaves,
            "min_child_samples": self.min_child_samples,
            "lambda_l2": self.l2,
            "path_smooth": self.path_smooth,
            "max_cat_to_onehot": self.one_against_rest,
            "min_data_per_group": self.least_of_a_category,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1 if self.bagging_fraction < 1 else 0,
            "seed": self.seed,
            "num_threads": self.num_threads,
            "monotone_constraints_method": "advanced" if self.advanced_directions else "basic",
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }


@dataclass(frozen=True, kw_only=True)
class BoostingConfig(TreeConfig):
    """Trees one after the other: few leaves and many small steps.

    Explaining costs trees x leaves. `random_splits` tries one random threshold per feature
    instead of all, which makes small samples less nervous. `feature_fraction` of the features is
    drawn for a tree, and `node_fraction` of those again for each split.
    """

    kind: ClassVar[str] = "lightgbm"

    learning_rate: float = 0.03
    node_fraction: float = 1.0
    random_splits: bool = False

    def _checks(self) -> Iterator[tuple[str, bool]]:
        yield from super()._checks()
        yield "learning_rate", 0 < self.learning_rate <= 1
        yield "node_fraction", 0 < self.node_fraction <= 1

    def parameters(self) -> dict[str, Any]:
        """Return LightGBM's parameters for boosting."""
        return super().parameters() | {
            "learning_rate": self.learning_rate,
            "feature_fraction": self.feature_fraction,
            "feature_fraction_bynode": self.node_fraction,
            "extra_trees": self.random_splits,
        }


@dataclass(frozen=True, kw_only=True)
class ForestConfig(TreeConfig):
    """A random forest: large trees side by side on bootstrap-like samples, their mean taken."""

    kind: ClassVar[str] = "forest"
    averages: ClassVar[bool] = True

    trees: int | None = 200
    num_leaves: int = 128
    min_child_samples: int = 5
    l2: float = 0.0
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.632
    one_against_rest: int = 64

    def _checks(self) -> Iterator[tuple[str, bool]]:
        yield from super()._checks()
        yield "trees", self.trees is not None
        yield "bagging_fraction", self.bagging_fraction < 1

    def parameters(self) -> dict[str, Any]:
        """Return LightGBM's parameters for a random forest."""
        return super().parameters() | {
            "boosting": "rf",
            "feature_fraction_bynode": self.feature_fraction,
        }
