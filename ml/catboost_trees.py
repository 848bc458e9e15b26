"""CatBoost as a challenger, where it is installed (`requirements-challengers.txt`).

Its ordered statistics read categories with many levels well. The model is kept as CatBoost's own
JSON; fitting goes through that text once, so that what serves is bit for bit what is stored.
"""

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from ml._staged import StagedEstimator
from ml.estimator import Floats, TrainingRefused, patience
from ml.schema import Schema

_MISSING_LEVEL = -1
_EMPTY_LEAF = 0.001


@dataclass(frozen=True, kw_only=True)
class CatBoostConfig:
    """How to grow CatBoost's symmetric trees; `trees` None finds their number on unseen rows.

    A category with at most `one_against_rest` levels is split one level against the others,
    which is over ten times faster than ordered statistics and no worse; one with more gets them.
    """

    kind: ClassVar[str] = "catboost"

    trees: int | None = None
    most_trees: int = 800
    learning_rate: float = 0.03
    depth: int = 5
    l2: float = 10.0
    feature_fraction: float = 0.2
    one_against_rest: int = 24
    random_strength: float = 2.0
    early_stopping_rounds: int = 100
    validation_share: float = 0.2
    monotone: bool = True
    seed: int = 42
    num_threads: int = 1

    def __post_init__(self) -> None:
        """Refuse numbers that make no training run."""
        for name, fits in (
            ("trees", self.trees is None or self.trees >= 1),
            ("most_trees", self.most_trees >= 1),
            ("learning_rate", 0 < self.learning_rate <= 1),
            ("depth", 1 <= self.depth <= 16),
            ("l2", self.l2 > 0),
            ("one_against_rest", self.one_against_rest >= 2),
            ("random_strength", self.random_strength >= 0),
            ("feature_fraction", 0 < self.feature_fraction <= 1),
            ("early_stopping_rounds", self.early_stopping_rounds >= 1),
            ("validation_share", 0 < self.validation_share < 1),
            ("num_threads", self.num_threads >= 1),
        ):
            if not fits:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class CatBoostTrees:
    """CatBoost's trees, read from their JSON."""

    kind: ClassVar[str] = "catboost"

    schema: Schema
    text: str
    model: Any

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return the log-odds of bad that the trees add up to."""
        pool = _pool(self.schema, matrix)
        found = self.model.predict(pool, prediction_type="RawFormulaVal", thread_count=threads)
        return np.asarray(found, dtype=np.float64).reshape(-1)

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return CatBoost's exact Shapley values with the expected margin last."""
        pool = _pool(self.schema, matrix)
        found = self.model.get_feature_importance(pool, type="ShapValues", thread_count=threads)
        return np.asarray(found, dtype=np.float64)

    def to_body(self) -> str:
        """Return CatBoost's JSON."""
        return self.text

    @classmethod
    def from_body(cls, body: str, schema: Schema) -> Self:
        """Return the trees of CatBoost's JSON; ValueError for anything else."""
        catboost = _library()
        json.loads(body)  # CatBoost's reader takes a text that was cut short
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.json"
            file.write_text(body, encoding="utf-8")
            model = catboost.CatBoost()
            try:
                model.load_model(str(file), format="json")
            except catboost.CatBoostError as error:
                raise ValueError(f"These are not CatBoost's trees: {error}") from error
        if list(model.feature_names_) != list(schema.names):
            raise ValueError("The trees were grown on other features than the schema names.")
        return cls(schema, body, model)

    def facts(self) -> dict[str, Any]:
        """Return the number of trees and the most leaves of one."""
        return {"trees": int(self.model.tree_count_), "leaves": int(2 ** self._depth())}

    def _depth(self) -> int:
        trees = json.loads(self.text)["oblivious_trees"]
        return max((len(tree["splits"] or ()) for tree in trees), default=0)


class CatBoostEstimator(StagedEstimator):
    """Grows CatBoost's trees by `CatBoostConfig`."""

    @property
    def settings(self) -> CatBoostConfig:
        """Return the configuration, the default one if none was given."""
        config: CatBoostConfig = self.config or CatBoostConfig()
        return config

    def _rows(self, matrix: Floats, bad: Floats | None = None, weight: Floats | None = None) -> Any:
        return _pool(self.schema, matrix, bad, weight)

    def _size(self, booster: Any) -> int:
        return int(booster.tree_count_)

    def _margins_at(self, booster: Any, rows: Any, trees: int) -> Floats:
        found: Floats = booster.predict(
            rows, prediction_type="RawFormulaVal", ntree_end=trees, thread_count=1
        )
        return found

    def _grown(self, fitting: Any, trees: int, *, watched: Any = None) -> Any:
        catboost, config = _library(), self.settings
        waits = patience(config.early_stopping_rounds, fitting.num_row())
        stopping = waits if watched is not None else None
        model = catboost.CatBoost(
            {
                "loss_function": "Logloss",
                "iterations": trees,
                "learning_rate": config.learning_rate,
                "depth": config.depth,
                "l2_leaf_reg": config.l2,
                "rsm": config.feature_fraction,
                "random_strength": config.random_strength,
                "one_hot_max_size": config.one_against_rest,
                "max_ctr_complexity": 1,
                "boosting_type": "Plain",
                # Directions would make later trees shrink earlier ones, so that the first trees of
                # a longer run were not those of a shorter one.
                "model_shrink_rate": 0.0,
                "random_seed": config.seed,
                "thread_count": config.num_threads,
                "allow_writing_files": False,
                "logging_level": "Silent",
                **self._directions(),
            }
        )
        model.fit(fitting, eval_set=watched, early_stopping_rounds=stopping, use_best_model=False)
        return model

    def _directions(self) -> dict[str, Any]:
        directions = {
            position: feature.direction
            for position, feature in enumerate(self.schema.features)
            if feature.direction
        }
        return {"monotone_constraints": directions} if self.settings.monotone and directions else {}

    def _kept(self, booster: Any, matrix: Floats) -> CatBoostTrees:
        pool = self._rows(matrix)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.json"
            booster.save_model(str(file), format="json", pool=pool)
            return CatBoostTrees.from_body(_settled(file.read_text(encoding="utf-8")), self.schema)


def _settled(text: str) -> str:
    """Return the JSON without what differs between two equal trainings, and with leaves weighed.

    Time and identity differ. A direction gives values to leaves without a training row; CatBoost
    would then weigh all leaves by the rows it is asked to explain, and a row would be explained
    otherwise alone than in company. A thousandth of a row in such a leaf prevents that.
    """
    model = json.loads(text)
    for tree in model["oblivious_trees"]:
        tree["leaf_weights"] = [weight or _EMPTY_LEAF for weight in tree["leaf_weights"]]
    about = model.get("model_info", {})
    kept = {key: about[key] for key in ("params", "class_params") if key in about}
    return json.dumps({**model, "model_info": kept}, sort_keys=True, separators=(",", ":"))


def _pool(
    schema: Schema, matrix: Floats, bad: Floats | None = None, weight: Floats | None = None
) -> Any:
    """Return the rows as CatBoost reads them: categories as whole numbers, missing ones as -1."""
    columns: dict[str, Any] = {}
    for position, feature in enumerate(schema.features):
        column = matrix[:, position]
        if feature.kind == "category":
            column = np.where(np.isnan(column), _MISSING_LEVEL, column).astype(np.int64)
        columns[feature.name] = column
    return _library().Pool(
        pd.DataFrame(columns),
        label=bad,
        weight=weight,
        cat_features=[feature.name for feature in schema.features if feature.kind == "category"],
    )


def _library() -> Any:
    try:
        import catboost  # noqa: PLC0415  (an optional library of 100 MB)
    except ImportError as error:
        raise TrainingRefused(
            "CatBoost is not installed; requirements-challengers.txt brings it."
        ) from error
    return catboost
