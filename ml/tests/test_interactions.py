"""Interactions of trees match their definition, and Friedman's H its worked example."""

import json
import math
from itertools import combinations
from typing import Any

import lightgbm
import numpy as np
import pytest

from ml import explain
from ml.schema import Feature, Schema
from ml.tests.explained_models import (
    ABC,
    Floats,
    Function,
    Game,
    SmallTrees,
    applicants,
    attributed,
    grown,
    linear,
    shapley,
)


def interaction(worth: Game, first: int, second: int, players: int) -> float:
    """Return half the Shapley interaction of two players straight from the definition."""
    others = [other for other in range(players) if other not in (first, second)]
    total = 0.0
    for size in range(players - 1):
        weight = math.factorial(size) * math.factorial(players - size - 2)
        for coalition in combinations(others, size):
            known = frozenset(coalition)
            gain = (
                worth(known | {first, second})
                - worth(known | {first})
                - worth(known | {second})
                + worth(known)
            )
            total += weight / (2 * math.factorial(players - 1)) * gain
    return total


def tree_game(model: SmallTrees, row: Floats) -> Game:
    """Return the path-dependent game of a row: unknown splits are averaged by training counts."""
    trees = model.booster.dump_model()["tree_info"]

    def walked(node: dict[str, Any], known: frozenset[int]) -> float:
        if "leaf_value" in node:
            return float(node["leaf_value"])
        left, right = node["left_child"], node["right_child"]
        if node["split_feature"] in known:
            value = row[node["split_feature"]]
            if node["decision_type"] == "==":
                goes_left = str(int(value)) in node["threshold"].split("||")
            else:
                goes_left = value <= node["threshold"]
            return walked(left if goes_left else right, known)
        count = left.get("internal_count", left.get("leaf_count"))
        share = count / node["internal_count"]
        return float(share * walked(left, known) + (1 - share) * walked(right, known))

    return lambda known: math.fsum(walked(tree["tree_structure"], known) for tree in trees)


@pytest.fixture(name="attributed")
def _attributed() -> explain.Attributions:
    return attributed()


def categories_and_numbers(*, with_category: bool) -> tuple[Schema, Floats, Floats]:
    rng = np.random.default_rng(2)
    matrix = np.column_stack(
        [
            rng.normal(size=1500),
            rng.normal(size=1500),
            rng.normal(size=1500),
            rng.integers(0, 3, 1500),
        ]
    )
    risk = np.array([-1.0, 2.0, 0.0])[matrix[:, 3].astype(int)]
    bad = (matrix[:, 0] * matrix[:, 1] + risk * (matrix[:, 2] > 0) > 0.3).astype(float)
    kind = {"categories": ("car", "home", "trip")} if with_category else {}
    last = Feature("d", "category" if with_category else "number", group="d", **kind)
    return Schema("four", 1, (*ABC.features, last)), matrix, bad


def test_it_gives_the_interactions_of_the_definition_with_splits_on_categories() -> None:
    schema, matrix, bad = categories_and_numbers(with_category=True)
    model = grown(schema, matrix, bad, trees=6, monotone=False)

    found = explain.tree_interactions(model.booster, matrix[:3])

    assert '"decision_type": "=="' in json.dumps(model.booster.dump_model())
    for row in range(3):
        worth = tree_game(model, matrix[row])
        expected = [interaction(worth, *pair, 4) for pair in combinations(range(4), 2)]
        assert [found[row, i, j] for i, j in combinations(range(4), 2)] == pytest.approx(
            expected, abs=1e-12
        )
        assert found[row].sum(axis=1) == pytest.approx(shapley(worth, 4), abs=1e-12)
    assert np.abs(found - found.transpose(0, 2, 1)).max() < 1e-12


def test_it_gives_the_interactions_of_the_shap_library_where_that_is_right() -> None:
    shap = pytest.importorskip("shap")
    schema, matrix, bad = categories_and_numbers(with_category=False)
    matrix[::7, 1] = np.nan
    model = grown(schema, matrix, bad, monotone=False)

    found = explain.tree_interactions(model.booster, matrix[:50])

    expected = shap.TreeExplainer(model.booster).shap_interaction_values(matrix[:50])
    assert np.abs(found - expected).max() < 1e-9


def test_it_adds_interactions_up_to_attributions_of_real_applicants(
    attributed: explain.Attributions,
) -> None:
    model, matrix, _ = applicants()

    found = explain.tree_interactions(model.booster, matrix[:40])

    assert np.abs(found.sum(axis=2) - attributed.values[:40]).max() < 1e-9


def test_it_adds_up_where_zero_means_missing() -> None:
    _, matrix, bad = categories_and_numbers(with_category=False)
    matrix[::3, :3] = 0.0
    booster = lightgbm.train(
        {"objective": "binary", "zero_as_missing": True, "verbosity": -1, "num_threads": 1},
        lightgbm.Dataset(matrix, bad, params={"zero_as_missing": True, "verbosity": -1}),
        5,
    )

    found = explain.tree_interactions(booster, matrix[:30])

    assert '"missing_type": "Zero"' in json.dumps(booster.dump_model())
    shares = booster.predict(matrix[:30], pred_contrib=True)
    assert np.abs(found.sum(axis=2) - shares[:, :-1]).max() < 1e-9


def test_it_refuses_trees_of_several_classes() -> None:
    matrix = np.random.default_rng(0).normal(size=(200, 2))
    booster = lightgbm.train(
        {"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1},
        lightgbm.Dataset(matrix, np.arange(200) % 3, params={"verbosity": -1}),
        2,
    )

    with pytest.raises(ValueError, match="one margin per row"):
        explain.tree_interactions(booster, matrix)


def test_it_ranks_pairs_with_both_halves_counted() -> None:
    values = np.zeros((2, 3, 3))
    values[0, 0, 1] = values[0, 1, 0] = 1.0
    values[1, 0, 1] = values[1, 1, 0] = -2.0
    values[:, 2, 2] = 3.0

    pairs = explain.interaction_strengths(ABC, values)

    assert [(pair.first, pair.second) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert (pairs[0].mean_absolute, pairs[0].share) == (3.0, 0.5)
    assert explain.interaction_strengths(ABC, values, most=1) == pairs[:1]
    assert explain.interaction_strengths(ABC, 0 * values)[0].share is None


def test_it_measures_friedmans_h() -> None:
    # On the four corners x1 + x2 has no joint part and x1 x2 is nothing else.
    corners = np.array([[s, t, 0.0] for s in (-1.0, 1.0) for t in (-1.0, 1.0)])
    model = Function(ABC, lambda m: m[:, 0] + 2 * m[:, 0] * m[:, 1])

    first, second, third = explain.friedman_h(model, corners, ("a", "b", "c"))

    # Joint part 2 x1 x2 of variance 4, whole of variance 5.
    assert (first.first, first.second) == ("a", "b")
    assert first.h == pytest.approx((4 / 5) ** 0.5)
    assert first.size == pytest.approx(2.0)
    assert (second.first, second.second) == ("a", "c")
    assert second.h == pytest.approx(0.0)
    assert (third.first, third.second, third.h) == ("b", "c", None)


@pytest.mark.parametrize("names", [("a",), ("a", "a"), ("a", "zeal")])
def test_it_refuses_to_compare_less_than_two_known_features(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"two different features|not a feature"):
        explain.friedman_h(linear([1.0, 1.0, 1.0]), np.ones((3, 3)), names)


def test_it_adds_up_where_a_category_is_missing() -> None:
    schema, matrix, bad = categories_and_numbers(with_category=True)
    matrix[::3, 3] = np.nan
    model = grown(schema, matrix, bad, monotone=False)

    found = explain.tree_interactions(model.booster, matrix[:30])

    shares = model.contributions(matrix[:30])
    assert np.abs(found.sum(axis=2) - shares[:, :-1]).max() < 1e-9
