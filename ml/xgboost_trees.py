"""XGBoost as a challenger, where it is installed (`requirements-challengers.txt`).

XGBoost counts in single precision; what its attributions miss of the margin by rounding (about
1e-6) goes to the strongest factor, so that they add up. The model is kept as XGBoost's own JSON.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ml._staged import StagedEstimator
from ml.estimator import Floats, TrainingRefused, patience
from ml.schema import Schema


@dataclass(frozen=True, kw_only=True)
class XGBoostConfig:
    """How to grow XGBoost's trees; `trees` None finds their number on unseen rows."""

    kind: ClassVar[str] = "xgboost"

    trees: int | None = None
    most_trees: int = 600
    learning_rate: float = 0.04
    depth: int = 4
    min_child_weight: float = 5.0
    l2: float = 10.0
    feature_fraction: float = 0.5
    row_fraction: float = 0.8
    early_stopping_rounds: int = 40
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
            ("depth", self.depth >= 1),
            ("min_child_weight", self.min_child_weight >= 0),
            ("l2", self.l2 >= 0),
            ("feature_fraction", 0 < self.feature_fraction <= 1),
            ("row_fraction", 0 < self.row_fraction <= 1),
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
class XGBoostTrees:
    """XGBoost's trees, read from their JSON."""

    kind: ClassVar[str] = "xgboost"

    schema: Schema
    text: str
    booster: Any

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return the log-odds of bad that the trees add up to."""
        return _margins(self._booster(threads), _rows(self.schema, matrix, threads=threads))

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return TreeSHAP values, path-dependent, with the expected margin last."""
        booster, rows = self._booster(threads), _rows(self.schema, matrix, threads=threads)
        shares = np.asarray(booster.predict(rows, pred_contribs=True), dtype=np.float64)
        # The base is the same for everybody: what is left of rounding cannot go there.
        strongest = np.abs(shares[:, :-1]).argmax(axis=1)
        missed = _margins(booster, rows) - shares.sum(axis=1)
        shares[np.arange(len(shares)), strongest] += missed
        return shares

    def to_body(self) -> str:
        """Return XGBoost's JSON."""
        return self.text

    @classmethod
    def from_body(cls, body: str, schema: Schema) -> Self:
        """Return the trees of XGBoost's JSON; ValueError for anything else."""
        xgboost = _library()
        json.loads(body)  # XGBoost's reader ends the whole process at an empty text
        booster = xgboost.Booster({"nthread": 1})
        try:
            booster.load_model(bytearray(body.encode()))
        except xgboost.core.XGBoostError as error:
            # Its message is a page of C++ addresses; it stays with the cause.
            raise ValueError("These are not XGBoost's trees.") from error
        if tuple(booster.feature_names or ()) != schema.names:
            raise ValueError("The trees were grown on other features than the schema names.")
        return cls(schema, body, booster)

    def _booster(self, threads: int) -> Any:
        """Return the booster that predicts in so many threads, which is a setting of its own.

        A copy, because the model itself never changes: others may be predicting with it.
        """
        if threads == 1:
            return self.booster
        copy = self.booster.copy()
        copy.set_param({"nthread": threads})
        return copy

    def facts(self) -> dict[str, Any]:
        """Return the number of trees and the most leaves of one."""
        trees = json.loads(self.text)["learner"]["gradient_booster"]["model"]["trees"]
        leaves = [sum(child == -1 for child in tree["left_children"]) for tree in trees]
        return {"trees": len(trees), "leaves": max(leaves, default=0)}


class XGBoostEstimator(StagedEstimator):
    """Grows XGBoost's trees by `XGBoostConfig`."""

    @property
    def settings(self) -> XGBoostConfig:
        """Return the configuration, the default one if none was given."""
        config: XGBoostConfig = self.config or XGBoostConfig()
        return config

    def _rows(self, matrix: Floats, bad: Floats | None = None, weight: Floats | None = None) -> Any:
        return _rows(self.schema, matrix, bad, weight)

    def _size(self, booster: Any) -> int:
        return int(booster.num_boosted_rounds())

    def _margins_at(self, booster: Any, rows: Any, trees: int) -> Floats:
        found: Floats = booster.predict(rows, output_margin=True, iteration_range=(0, trees))
        return found

    def _kept(self, booster: Any, matrix: Floats) -> XGBoostTrees:
        return XGBoostTrees.from_body(booster.save_raw("json").decode(), self.schema)

    def _grown(self, fitting: Any, trees: int, *, watched: Any = None) -> Any:
        config = self.settings
        parameters: dict[str, Any] = {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "eta": config.learning_rate,
            "max_depth": config.depth,
            "min_child_weight": config.min_child_weight,
            "lambda": config.l2,
            "colsample_bytree": config.feature_fraction,
            "subsample": config.row_fraction,
            "seed": config.seed,
            "nthread": config.num_threads,
        }
        if config.monotone:
            directions = tuple(feature.direction for feature in self.schema.features)
            parameters["monotone_constraints"] = directions
        waits = patience(config.early_stopping_rounds, fitting.num_row())
        stopping = waits if watched is not None else None
        return _library().train(
            parameters,
            fitting,
            trees,
            evals=[(watched, "unseen")] if watched is not None else [],
            early_stopping_rounds=stopping,
            verbose_eval=False,
        )


def _margins(booster: Any, rows: Any) -> Floats:
    return np.asarray(booster.predict(rows, output_margin=True), dtype=np.float64)


def _rows(
    schema: Schema,
    matrix: Floats,
    bad: Floats | None = None,
    weight: Floats | None = None,
    *,
    threads: int = 1,
) -> Any:
    """Return the rows as XGBoost reads them, categories marked as such."""
    kinds = ["c" if feature.kind == "category" else "q" for feature in schema.features]
    return _library().DMatrix(
        matrix,
        label=bad,
        weight=weight,
        missing=np.nan,
        feature_names=list(schema.names),
        feature_types=kinds,
        enable_categorical=True,
        nthread=threads,
    )


def _library() -> Any:
    try:
        import xgboost  # noqa: PLC0415  (an optional library)
    except ImportError as error:
        raise TrainingRefused(
            "XGBoost is not installed; requirements-challengers.txt brings it."
        ) from error
    return xgboost
