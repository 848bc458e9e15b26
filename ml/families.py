"""The single models by name: the estimator of a configuration, and how its text is read back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ml.boosting import (
    BoostingConfig,
    BoostingEstimator,
    Forest,
    ForestConfig,
    ForestEstimator,
    Trees,
)
from ml.catboost_trees import CatBoostConfig, CatBoostEstimator, CatBoostTrees
from ml.estimator import Estimator, Fitted
from ml.schema import Schema
from ml.scorecard import Scorecard, ScorecardConfig, ScorecardEstimator
from ml.xgboost_trees import XGBoostConfig, XGBoostEstimator, XGBoostTrees


class Config(Protocol):
    """A frozen dataclass that says how a model is made; `kind` names the family."""

    @property
    def kind(self) -> str:
        """Return the family's name."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        ...


@dataclass(frozen=True)
class Family:
    """One kind of model."""

    config: type
    estimator: Callable[[Schema, Any], Estimator]
    read: Callable[[str, Schema], Fitted]


FAMILIES: dict[str, Family] = {
    "lightgbm": Family(BoostingConfig, BoostingEstimator, Trees.from_body),
    "forest": Family(ForestConfig, ForestEstimator, Forest.from_body),
    "scorecard": Family(ScorecardConfig, ScorecardEstimator, Scorecard.from_body),
    "catboost": Family(CatBoostConfig, CatBoostEstimator, CatBoostTrees.from_body),
    "xgboost": Family(XGBoostConfig, XGBoostEstimator, XGBoostTrees.from_body),
}


def estimator(schema: Schema, config: Config) -> Estimator:
    """Return the estimator that a configuration asks for; ValueError for an unknown kind."""
    return _family(config.kind).estimator(schema, config)


def load(kind: str, body: str, schema: Schema) -> Fitted:
    """Return the model that `to_body` wrote.

    ValueError, KeyError or TypeError for an unknown kind or a text that is no such model.
    """
    return _family(kind).read(body, schema)


def _family(kind: str) -> Family:
    if kind not in FAMILIES:
        raise ValueError(f"There is no kind of model {kind!r}; there are {', '.join(FAMILIES)}.")
    return FAMILIES[kind]
