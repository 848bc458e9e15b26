"""Small models whose attributions the tests of explanation can check by hand or by brute force."""

import json
import math
from collections.abc import Callable
from datetime import date
from functools import cache
from itertools import combinations
from typing import Any, ClassVar

import lightgbm
import numpy as np
import numpy.typing as npt

from ml import synthetic
from ml._attributions import Attributions, attribute
from ml.application_schema import SCHEMA
from ml.schema import Feature, Schema

Floats = npt.NDArray[np.float64]


class Linear:
    """A linear model of centred features: the attribution of each is weight x distance to mean."""

    kind: ClassVar[str] = "linear"

    def __init__(self, schema: Schema, *, weights: list[float], means: list[float]) -> None:
        self.schema = schema
        self.weights, self.means = np.array(weights), np.array(means)
        self.base = -2.0

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        margins: Floats = self.base + np.nan_to_num(matrix - self.means) @ self.weights
        return margins

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        shares = np.nan_to_num(matrix - self.means) * self.weights
        return np.column_stack([shares, np.full(len(matrix), self.base)])

    def to_body(self) -> str:
        return json.dumps(self.weights.tolist())

    def facts(self) -> dict[str, Any]:
        return {}


class Function(Linear):
    """Any function of a matrix; it has margins only."""

    def __init__(self, schema: Schema, function: Callable[[Floats], Floats]) -> None:
        self.schema = schema
        self.function = function

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        return self.function(matrix)


class SmallTrees(Linear):
    """LightGBM's own margins and attributions."""

    def __init__(self, schema: Schema, booster: lightgbm.Booster) -> None:
        self.schema = schema
        self.booster = booster

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        return np.asarray(self.booster.predict(matrix, raw_score=True, num_threads=threads))

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        return np.asarray(self.booster.predict(matrix, pred_contrib=True, num_threads=threads))


def numbers(*names: str, **declared: Any) -> Schema:
    """Return a schema of plain numbers that may be missing, each a reason group of its own."""
    features = tuple(
        Feature(
            name,
            "number",
            group=name,
            missing="allowed",
            missing_meaning="Not known.",
            **declared,
        )
        for name in names
    )
    return Schema("numbers", 1, features)


def grown(
    schema: Schema, matrix: Floats, bad: Floats, *, trees: int = 40, monotone: bool = True
) -> SmallTrees:
    """Return a small model of the matrix, with native categories and monotone directions."""
    kinds = [feature.kind for feature in schema.features]
    parameters = {
        "objective": "binary",
        "num_leaves": 8,
        "learning_rate": 0.1,
        "min_child_samples": 20,
        "seed": 1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    if monotone:
        parameters["monotone_constraints"] = [feature.direction for feature in schema.features]
    data = lightgbm.Dataset(
        matrix,
        label=bad,
        feature_name=list(schema.names),
        categorical_feature=[place for place, kind in enumerate(kinds) if kind == "category"],
        params={"verbosity": -1, "num_threads": 1},
    )
    return SmallTrees(schema, lightgbm.train(parameters, data, num_boost_round=trees))


@cache
def applicants() -> tuple[SmallTrees, Floats, Floats]:
    """Return a model of 2,000 made-up applications, their encoded matrix and outcomes."""
    frame = synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=2000,
        seed=11,
        start=date(2024, 1, 1),
        end=date(2024, 12, 31),
    )
    matrix = SCHEMA.to_matrix(frame[list(SCHEMA.names)])
    bad = frame["bad"].to_numpy(dtype=np.float64)
    return grown(SCHEMA, matrix, bad), matrix, bad


ABC = numbers("a", "b", "c")

MIXED = Schema(
    "mixed",
    1,
    (
        Feature("amount", "number", group="request", minimum=0, direction=1),
        Feature("months", "integer", group="request", minimum=0, maximum=60),
        Feature("owner", "boolean", group="home"),
        Feature(
            "purpose",
            "category",
            group="purpose",
            categories=("car", "home", "trip"),
            missing="allowed",
            missing_meaning="Not stated.",
        ),
    ),
)


def linear(weights: list[float], means: list[float] | None = None) -> Linear:
    """Return a linear model of three plain numbers."""
    return Linear(ABC, weights=weights, means=means or [0.0, 0.0, 0.0])


@cache
def attributed() -> Attributions:
    """Return the attributions of the first 500 of the made-up applicants."""
    model, matrix, _ = applicants()
    return attribute(model, matrix[:500])


Game = Callable[[frozenset[int]], float]


def shapley(worth: Game, players: int) -> Floats:
    """Return Shapley values straight from the definition; `worth` takes a frozenset."""
    values = np.zeros(players)
    for player in range(players):
        others = [other for other in range(players) if other != player]
        for size in range(players):
            weight = math.factorial(size) * math.factorial(players - size - 1)
            for coalition in combinations(others, size):
                known = frozenset(coalition)
                gain = worth(known | {player}) - worth(known)
                values[player] += weight / math.factorial(players) * gain
    return values
