"""How the model answers to one feature: dependence, partial dependence, permutation."""

import numpy as np
import pytest

from ml import explain, metrics
from ml.application_schema import SCHEMA
from ml.tests.explained_models import MIXED, Linear, applicants, attributed, linear


@pytest.fixture(name="attributed")
def _attributed() -> explain.Attributions:
    return attributed()


def test_it_draws_dependence_with_missing_apart() -> None:
    values = np.array([3.0, 1.0, np.nan, 2.0, 4.0, np.nan])
    matrix = np.column_stack([values, np.zeros(6), np.zeros(6)])
    found = explain.attribute(linear([10.0, 1.0, 1.0], means=[1.0, 0, 0]), matrix)

    drawn = explain.dependence(found, "a", bins=2)

    assert drawn.values == (1.0, 2.0, 3.0, 4.0)
    assert drawn.attributions == (0.0, 10.0, 20.0, 30.0)
    assert [(each.at, each.n, each.median) for each in drawn.curve] == [
        (1.0, 2, 5.0),
        (3.0, 2, 25.0),
    ]
    assert drawn.curve[0].lower_quartile == 2.5
    assert (drawn.missing.at, drawn.missing.n, drawn.missing.median) == (None, 2, 0.0)


def test_it_puts_a_value_on_an_edge_into_the_lower_bin() -> None:
    matrix = np.column_stack([[1.0, 2.0, 3.0], np.zeros(3), np.zeros(3)])
    found = explain.attribute(linear([1.0, 1.0, 1.0]), matrix)

    drawn = explain.dependence(found, "a", bins=2)

    assert [(each.at, each.n) for each in drawn.curve] == [(1.0, 2), (3.0, 1)]


def test_it_draws_categories_and_yes_or_no_by_name() -> None:
    model = Linear(MIXED, weights=[0.0, 0.0, 1.0, 2.0], means=[0.0, 0.0, 0.0, 0.0])
    matrix = np.array([[1.0, 5, 1, 0], [1.0, 5, 0, 2], [1.0, 5, 1, 2], [1.0, 5, 0, np.nan]])
    found = explain.attribute(model, matrix)

    purpose, owner = (explain.dependence(found, name) for name in ("purpose", "owner"))

    assert [(each.at, each.n, each.median) for each in purpose.curve] == [
        ("car", 1, 0.0),
        ("trip", 2, 4.0),
    ]
    assert (purpose.values, purpose.missing.n) == ((), 1)
    assert [(each.at, each.median) for each in owner.curve] == [(False, 0.0), (True, 1.0)]
    assert explain.dependence(found, "months").curve[0].at == 5


def test_it_thins_a_large_scatter_and_keeps_both_ends(attributed: explain.Attributions) -> None:
    drawn = explain.dependence(attributed, "annual_income", most_points=20)

    incomes = attributed.matrix[:, SCHEMA.names.index("annual_income")]
    assert len(drawn.values) == 20
    assert (drawn.values[0], drawn.values[-1]) == (incomes.min(), incomes.max())
    assert sum(each.n for each in drawn.curve) == 500


def test_it_draws_a_feature_that_nobody_has() -> None:
    found = explain.attribute(linear([1.0, 1.0, 1.0]), np.full((3, 3), np.nan))

    drawn = explain.dependence(found, "a")

    assert (drawn.curve, drawn.values, drawn.missing.n) == ((), (), 3)


def test_it_refuses_an_unknown_feature(attributed: explain.Attributions) -> None:
    with pytest.raises(ValueError, match="charm is not a feature of application"):
        explain.dependence(attributed, "charm")


def test_it_computes_partial_dependence_and_single_curves() -> None:
    matrix = np.array([[1.0, 10.0, 0.0], [2.0, 20.0, 0.0], [4.0, np.nan, 0.0]])
    model = linear([1.0, 0.1, 0.0])

    found = explain.partial_dependence(
        model, matrix, "a", config=explain.EffectConfig(points=3, curves=2)
    )

    assert found.at == (1.0, 2.0, 4.0, None)
    assert found.mean == pytest.approx((0.0, 1.0, 3.0, -1.0))
    assert found.individual == ((0.0, 1.0, 3.0, -1.0), (-1.0, 0.0, 2.0, -2.0))
    assert found.rows == 3


def test_it_computes_partial_dependence_of_every_declared_category() -> None:
    model = Linear(MIXED, weights=[0.0, 0.0, 0.0, 1.0], means=[0.0, 0.0, 0.0, 0.0])

    found = explain.partial_dependence(model, np.array([[1.0, 1, 1, 0], [1.0, 1, 0, 0]]), "purpose")

    assert found.at == ("car", "home", "trip", None)
    assert found.mean == (-2.0, -1.0, 0.0, -2.0)


def test_it_finds_no_loss_of_auc_in_a_feature_the_model_ignores() -> None:
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(400, 3))
    bad = (matrix[:, 0] + 0.3 * rng.normal(size=400) > 0).astype(float)

    drops = explain.permutation_importance(linear([1.0, 0.2, 0.0]), matrix, bad, seed=5)

    assert drops[0].name == "a"
    by_name = {drop.name: drop for drop in drops}
    assert by_name["a"].auc_drop == pytest.approx(
        metrics.auc(linear([1.0, 0.2, 0.0]).margins(matrix), bad) - 0.5, abs=0.06
    )
    assert (by_name["c"].auc_drop, by_name["c"].standard_error) == (0.0, 0.0)
    assert drops == explain.permutation_importance(linear([1.0, 0.2, 0.0]), matrix, bad, seed=5)


def test_it_deals_out_a_reason_group_as_one() -> None:
    model = Linear(MIXED, weights=[1.0, -1.0, 0.0, 0.0], means=[0.0, 0.0, 0.0, 0.0])
    level = np.arange(50.0)
    matrix = np.column_stack([level, level + np.tile([0, 5], 25), np.zeros(50), np.zeros(50)])
    bad = np.tile([1.0, 0.0], 25)

    grouped = explain.permutation_importance(model, matrix, bad, by_group=True)

    # The margin is -2 or -7 and separates perfectly; a shuffled pair of columns ranks like chance.
    assert [drop.name for drop in grouped] == ["request", "home", "purpose"]
    assert grouped[0].auc_drop == pytest.approx(0.5, abs=0.12)


def test_it_leaves_the_loss_undefined_where_one_class_occurs() -> None:
    drops = explain.permutation_importance(linear([1.0, 1.0, 1.0]), np.ones((3, 3)), np.ones(3))

    assert {(drop.auc_drop, drop.standard_error) for drop in drops} == {(None, None)}


def test_it_cross_checks_attributions_with_permutation() -> None:
    model, matrix, bad = applicants()
    importances = explain.global_importance(explain.attribute(model, matrix))

    drops = explain.permutation_importance(model, matrix, bad, repeats=2)

    assert explain.importance_agreement(importances, drops) > 0.7
    with pytest.raises(ValueError, match="not of the same features"):
        explain.importance_agreement(importances[1:], drops)
