"""Attributions add up to the margin, and their summaries are exact."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import explain
from ml.application_schema import SCHEMA
from ml.tests.explained_models import (
    ABC,
    MIXED,
    Floats,
    Linear,
    applicants,
    attributed,
    linear,
    shapley,
)


@pytest.fixture(name="attributed")
def _attributed() -> explain.Attributions:
    return attributed()


def test_it_attributes_a_linear_model_as_brute_force_does() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(40, 3))
    model = linear([0.8, -1.5, 0.3], means=matrix.mean(axis=0).tolist())
    found = explain.attribute(model, matrix)

    for row in range(5):

        def worth(known: frozenset[int], row: int = row) -> float:
            mixed = matrix.copy()
            mixed[:, list(known)] = matrix[row, list(known)]
            return float(model.margins(mixed).mean())

        assert found.values[row] == pytest.approx(shapley(worth, 3), abs=1e-12)
        assert found.base[row] == pytest.approx(worth(frozenset()), abs=1e-12)


@pytest.mark.filterwarnings("ignore:LightGBM binary classifier")
def test_it_attributes_trees_as_the_shap_library_does() -> None:
    shap = pytest.importorskip("shap")
    model, matrix, _ = applicants()

    found = explain.attribute(model, matrix[:50])

    expected = shap.TreeExplainer(model.booster).shap_values(matrix[:50])
    assert np.abs(found.values - expected).max() < 1e-6
    assert found.additivity_error < 1e-6
    assert explain.additivity_error(model, matrix[:50]) < 1e-6
    assert explain.grouping_error(found) < 1e-6


def test_it_measures_how_far_attributions_miss_the_margin() -> None:
    class Biased(Linear):
        def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
            biased: Floats = super().contributions(matrix) + np.array([0, 0.25, 0, 0])
            return biased

    model = Biased(ABC, weights=[1.0, 2.0, 3.0], means=[0.0, 0.0, 0.0])
    matrix = np.ones((2, 3))

    assert explain.additivity_error(model, matrix) == pytest.approx(0.25)
    with pytest.raises(ValueError, match=r"miss the margin by up to 0\.25"):
        explain.attribute(model, matrix)


def test_it_refuses_attributions_that_are_not_numbers() -> None:
    model = linear([1.0, math.nan, 3.0])

    with pytest.raises(ValueError, match="miss the margin by up to nan"):
        explain.attribute(model, np.ones((2, 3)))


@pytest.mark.parametrize("shape", [(0, 3), (2, 4)])
def test_it_refuses_a_matrix_it_cannot_explain(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"no rows|has 3 features"):
        explain.attribute(linear([1.0, 1.0, 1.0]), np.zeros(shape))


def test_it_ranks_features_by_mean_absolute_attribution_with_an_interval() -> None:
    matrix = np.array([[1.0, 1.0, 0.0], [-1.0, 3.0, 0.0]])
    found = explain.attribute(linear([1.0, -1.0, 5.0]), matrix)

    second, first, nothing = explain.global_importance(found)

    # |b|: 1 and 3, mean 2, standard error 1; |a|: 1 and 1.
    assert (second.name, second.mean_absolute) == ("b", 2.0)
    assert second.share == pytest.approx(2 / 3)
    assert second.low == pytest.approx(2 - 1.959963984540054)
    assert second.high == pytest.approx(2 + 1.959963984540054)
    assert (first.name, first.mean_absolute, first.low, first.high) == ("a", 1.0, 1.0, 1.0)
    assert (nothing.name, nothing.mean_absolute, nothing.share) == ("c", 0.0, 0.0)


def test_it_leaves_undefined_what_one_row_or_a_silent_model_cannot_say() -> None:
    found = explain.attribute(linear([0.0, 0.0, 0.0]), np.ones((1, 3)))

    importances = explain.global_importance(found)

    assert [each.name for each in importances] == ["a", "b", "c"]
    assert {(each.low, each.high, each.share) for each in importances} == {(None, None, None)}


def test_it_sums_a_reason_group_before_it_takes_the_size() -> None:
    model = Linear(MIXED, weights=[1.0, -1.0, 0.5, 0.0], means=[0.0, 0.0, 0.0, 0.0])
    found = explain.attribute(model, np.array([[4.0, 4.0, 1.0, 0.0], [4.0, 4.0, 0.0, 2.0]]))

    home, request, purpose = explain.group_importance(found)

    assert (home.name, home.mean_absolute, home.share) == ("home", 0.25, 1.0)
    assert (request.name, request.mean_absolute) == ("request", 0.0)
    assert (purpose.name, purpose.share) == ("purpose", 0.0)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_it_refuses_a_confidence_that_is_none(
    attributed: explain.Attributions, confidence: float
) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        explain.global_importance(attributed, confidence=confidence)


def test_it_says_which_way_each_feature_works() -> None:
    model = Linear(MIXED, weights=[-1.0, 0.0, 2.0, 1.0], means=[0.0, 0.0, 0.0, 1.0])
    matrix = np.array([[1.0, 5, 1, 0], [2.0, 6, 0, 2], [3.0, 7, 1, 1], [9.0, 8, 0, np.nan]])

    amount, months, owner, purpose = explain.directions(explain.attribute(model, matrix))

    assert (amount.expected, amount.correlation, amount.agrees) == (1, -1.0, False)
    assert (months.correlation, months.agrees) == (None, None)
    assert (owner.correlation, owner.agrees, owner.missing_mean) == (1.0, None, None)
    assert (purpose.correlation, purpose.riskiest, purpose.safest) == (None, "trip", "car")
    assert purpose.missing_mean == 0.0


def test_it_finds_that_constrained_trees_work_the_declared_way(
    attributed: explain.Attributions,
) -> None:
    found = [each for each in explain.directions(attributed) if each.agrees is not None]

    strong = {each.name for each in explain.global_importance(attributed)[:6]}
    assert {each.agrees for each in found if each.name in strong} == {True}


def test_it_names_the_factors_that_move_a_row_most() -> None:
    matrix = np.array([[1.0, -2.0, 3.0], [2.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    found = explain.attribute(linear([1.0, 1.0, 1.0]), matrix)

    assert explain.top_factors(found, most=2) == (("c", "b"), ("a", "b"), ())
    assert explain.top_factors(found, most=2, adverse_only=True) == (("c", "a"), ("a", "b"), ())


def test_it_hands_out_plain_json(attributed: explain.Attributions) -> None:
    model, matrix, _ = applicants()
    results = [
        *explain.global_importance(attributed),
        *explain.directions(attributed),
        *(explain.dependence(attributed, name) for name in SCHEMA.names),
        explain.partial_dependence(model, matrix[:50], "employment_months"),
        explain.waterfall(attributed, 0),
        explain.beeswarm(attributed),
    ]

    assert all(json.dumps(asdict(result), allow_nan=False) for result in results)


@given(
    st.lists(
        st.tuples(*[st.floats(-50, 50, allow_subnormal=False) for _ in range(3)]),
        min_size=1,
        max_size=30,
    )
)
def test_it_shares_out_everything_it_finds(rows: list[tuple[float, float, float]]) -> None:
    found = explain.attribute(linear([0.5, -1.0, 0.25]), np.array(rows))

    importances = explain.global_importance(found)

    shares = [each.share for each in importances if each.share is not None]
    assert sum(shares) == pytest.approx(1) or set(shares) == set()
    for row in range(len(rows)):
        drawn = explain.waterfall(found, row, most_steps=2)
        assert drawn.others.end == drawn.margin
