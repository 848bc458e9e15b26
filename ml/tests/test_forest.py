"""A random forest: the mean of trees side by side, in a straight line of the bad rate."""

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ml import metrics
from ml.boosting import Forest, ForestConfig, ForestEstimator
from ml.tests.explained_models import ABC, applicants

Floats = npt.NDArray[np.float64]

SMALL = ForestConfig(trees=20, num_leaves=16)


@cache
def grown() -> Forest:
    known, matrix, bad = applicants()
    model = ForestEstimator(known.schema, SMALL).fit(matrix, bad).model_
    assert isinstance(model, Forest)
    return model


def leaf_of(node: dict[str, Any], row: Floats) -> float:
    """Return the leaf value of a row in one of LightGBM's dumped trees of plain numbers."""
    while "leaf_value" not in node:
        is_left = row[node["split_feature"]] <= node["threshold"]
        node = node["left_child" if is_left else "right_child"]
    return float(node["leaf_value"])


def leaves(node: dict[str, Any]) -> list[float]:
    if "leaf_value" in node:
        return [float(node["leaf_value"])]
    return leaves(node["left_child"]) + leaves(node["right_child"])


@cache
def steps() -> tuple[Floats, Floats]:
    """Return people whose risk is one of two rates, told by the first of three numbers."""
    rng = np.random.default_rng(5)
    matrix = rng.normal(size=(4000, 3))
    return matrix, (rng.random(4000) < np.where(matrix[:, 0] > 0, 0.4, 0.1)).astype(float)


def test_it_is_the_mean_of_its_trees() -> None:
    matrix, bad = steps()
    config = ForestConfig(trees=5, num_leaves=4, feature_fraction=1.0)

    model = ForestEstimator(ABC, config).fit(matrix, bad).model_

    trees = [one["tree_structure"] for one in model.booster.dump_model()["tree_info"]]
    by_hand = [np.mean([leaf_of(tree, row) for tree in trees]) for row in matrix[:50]]
    assert len(trees) == 5
    assert model.margins(matrix[:50]) == pytest.approx(by_hand, abs=1e-12)


def test_it_takes_one_newton_step_from_the_portfolio() -> None:
    """A leaf is log-odds of p + (rate - p) / (p (1 - p)), rate being that of its rows."""
    matrix, bad = steps()
    config = ForestConfig(trees=60, num_leaves=2, feature_fraction=1.0, monotone=False)

    model = ForestEstimator(ABC, config).fit(matrix, bad).model_

    p, asked = bad.mean(), np.array([[-2.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    for high, margin in zip((False, True), model.margins(asked), strict=True):
        rate = bad[(matrix[:, 0] > 0) == high].mean()
        assert margin == pytest.approx(np.log(p / (1 - p)) + (rate - p) / (p * (1 - p)), abs=0.05)


def test_it_keeps_every_leaf_between_a_rate_of_none_and_all() -> None:
    _, _, bad = applicants()
    p = float(bad.mean())
    centre = np.log(p / (1 - p))

    values = [
        value
        for tree in grown().booster.dump_model()["tree_info"]
        for value in leaves(tree["tree_structure"])
    ]

    assert centre - 1.2 / (1 - p) <= min(values) < centre < max(values) <= centre + 1.2 / p


def test_it_orders_people() -> None:
    known, matrix, bad = applicants()
    rows = np.arange(len(bad))
    folds = [(rows[rows % 2 == part], rows[rows % 2 != part]) for part in range(2)]

    found = ForestEstimator(known.schema, SMALL).cross_fit(matrix, bad, None, folds)

    assert (metrics.auc(found.margins, bad) or 0) > 0.68
    assert found.estimator.config == SMALL
    assert isinstance(found.estimator, ForestEstimator)


def test_it_grows_trees_that_differ() -> None:
    trees = [str(one["tree_structure"]) for one in grown().booster.dump_model()["tree_info"]]

    assert len(set(trees)) == len(trees) == 20
    assert grown().kind == "forest"
    assert "boosting: rf" in grown().to_body()


def test_it_comes_back_a_forest() -> None:
    known, matrix, _ = applicants()

    again = Forest.from_body(grown().to_body(), known.schema)

    assert isinstance(again, Forest)
    assert again.margins(matrix).tolist() == grown().margins(matrix).tolist()


def test_it_grows_another_forest_from_another_seed() -> None:
    known, matrix, bad = applicants()
    other = dataclasses.replace(SMALL, seed=43)

    model = ForestEstimator(known.schema, other).fit(matrix, bad).model_

    assert model.margins(matrix).tolist() != grown().margins(matrix).tolist()
