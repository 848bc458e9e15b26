"""The single models by name, what they are told, and the shape scikit-learn expects of them."""

import dataclasses
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone, is_classifier
from sklearn.model_selection import cross_val_score

from ml import canonical, estimator, families, models
from ml.blend import BlendConfig, BlendEstimator
from ml.boosting import BoostingConfig, BoostingEstimator, ForestConfig
from ml.catboost_trees import CatBoostConfig
from ml.choice import ChoiceConfig, ChoiceEstimator
from ml.estimator import TrainingRefused
from ml.families import FAMILIES, Config
from ml.schema import Feature, Schema
from ml.scorecard import ScorecardConfig
from ml.tests.explained_models import applicants
from ml.xgboost_trees import XGBoostConfig

Floats = npt.NDArray[np.float64]

QUICK = BoostingConfig(trees=15, learning_rate=0.2)
DEFAULTS: tuple[Config, ...] = (
    BoostingConfig(),
    ForestConfig(),
    ScorecardConfig(),
    CatBoostConfig(),
    XGBoostConfig(),
)


class Unheard:
    """A configuration of a kind nobody knows."""

    kind = "oracle"

    def to_dict(self) -> dict[str, Any]:
        return {}


def test_it_knows_every_family_by_its_configuration() -> None:
    assert [one.kind for one in DEFAULTS] == list(FAMILIES)
    schema = applicants()[0].schema
    for one in DEFAULTS:
        family = FAMILIES[one.kind]
        assert type(one) is family.config
        made = models.estimator(schema, one)
        assert isinstance(made, type(family.estimator(schema, None)))
        assert made.config is one


def test_it_makes_a_choice_and_a_blend_too() -> None:
    schema = applicants()[0].schema

    assert isinstance(models.estimator(schema, ChoiceConfig(candidates=(QUICK,))), ChoiceEstimator)
    assert isinstance(models.estimator(schema, BlendConfig(members=(QUICK,))), BlendEstimator)


def test_it_refuses_a_kind_nobody_knows() -> None:
    schema = applicants()[0].schema

    for ask in (
        lambda: models.estimator(schema, Unheard()),
        lambda: models.load("oracle", "{}", schema),
        lambda: families.load("choice", "{}", schema),
    ):
        with pytest.raises(ValueError, match=r"no kind of model .*; there are lightgbm, forest"):
            ask()


@pytest.mark.parametrize("config", DEFAULTS, ids=lambda one: str(one.kind))
def test_it_writes_a_configuration_as_json(config: Config) -> None:
    written = json.loads(canonical.canonical_bytes(config.to_dict()))

    assert written.keys() == {field.name for field in dataclasses.fields(config)}  # type: ignore[arg-type]


WRONG: dict[type, dict[str, tuple[Any, ...]]] = {
    BoostingConfig: {
        "trees": (0, -1),
        "most_trees": (0,),
        "num_leaves": (1,),
        "min_child_samples": (0,),
        "l2": (-0.1,),
        "path_smooth": (-1,),
        "feature_fraction": (0, 1.1),
        "bagging_fraction": (0, 1.1),
        "one_against_rest": (0,),
        "many_categories": (1,),
        "prior_weight": (0,),
        "early_stopping_rounds": (0,),
        "validation_share": (0, 1),
        "bad_weight": (0, -2, float("inf"), float("nan")),
        "num_threads": (0,),
        "learning_rate": (0, 1.1),
    },
    ForestConfig: {"trees": (None, 0), "bagging_fraction": (1, 0), "num_leaves": (1,)},
    CatBoostConfig: {
        "trees": (0,),
        "most_trees": (0,),
        "learning_rate": (0, 2),
        "depth": (0, 17),
        "l2": (0,),
        "feature_fraction": (0,),
        "early_stopping_rounds": (0,),
        "validation_share": (1,),
        "num_threads": (0,),
    },
    XGBoostConfig: {
        "trees": (0,),
        "most_trees": (0,),
        "learning_rate": (0,),
        "depth": (0,),
        "min_child_weight": (-1,),
        "l2": (-1,),
        "feature_fraction": (2,),
        "row_fraction": (0,),
        "early_stopping_rounds": (0,),
        "validation_share": (0,),
        "num_threads": (0,),
    },
}


@pytest.mark.parametrize(
    ("config", "name", "value"),
    [
        (config, name, value)
        for config, fields in WRONG.items()
        for name, values in fields.items()
        for value in values
    ],
)
def test_it_refuses_numbers_that_make_no_training_run(config: type, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} cannot be"):
        config(**{name: value})


def test_it_is_a_classifier_to_scikit_learn() -> None:
    trees, matrix, bad = applicants()
    made = BoostingEstimator(trees.schema, QUICK)

    areas = cross_val_score(made, matrix, bad, cv=3, scoring="roc_auc", error_score="raise")

    assert is_classifier(made)
    assert areas.min() > 0.65
    twin = clone(made)
    assert twin.get_params() == made.get_params() == {"schema": trees.schema, "config": QUICK}
    assert not hasattr(twin, "model_")


def test_it_predicts_what_its_margins_say() -> None:
    trees, matrix, bad = applicants()

    made = BoostingEstimator(trees.schema, QUICK).fit(matrix, bad)

    margins, risk = made.decision_function(matrix), made.predict_proba(matrix)
    assert made.classes_.tolist() == [0, 1]
    assert made.n_features_in_ == len(trees.schema.names)
    assert risk.sum(axis=1) == pytest.approx(1)
    assert risk[:, 1] == pytest.approx(1 / (1 + np.exp(-margins)))
    assert made.predict(matrix).tolist() == (risk[:, 1] >= 0.5).astype(int).tolist()


def test_it_learns_with_the_default_configuration_where_none_is_given() -> None:
    trees, matrix, bad = applicants()

    model = FAMILIES["forest"].estimator(trees.schema, None).fit(matrix, bad).model_

    assert model.facts()["trees"] == ForestConfig().trees


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda matrix, bad, _: (matrix[:, :-1], bad, None), "has shape"),
        (lambda matrix, bad, _: (matrix[0], bad, None), "has shape"),
        (
            lambda matrix, bad, _: (np.where(matrix == matrix[0, 0], np.inf, matrix), bad, None),
            "inf",
        ),
        (lambda matrix, bad, _: (matrix[1:], bad, None), "1999 rows but 2000 outcomes"),
        (lambda matrix, bad, _: (matrix, bad + 1, None), "0 .good. or 1 .bad."),
        (lambda matrix, bad, _: (matrix, bad * np.nan, None), "0 .good. or 1 .bad."),
        (lambda matrix, bad, _: (matrix, bad.astype(str), None), "0 .good. or 1 .bad."),
        (lambda matrix, bad, _: (matrix, bad[:, None], None), "0 .good. or 1 .bad."),
        (lambda matrix, bad, _: (matrix, bad * 0, None), "nothing to tell apart"),
        (lambda matrix, bad, _: (matrix[:199], bad[:199], None), "at least 200 rows"),
        (lambda matrix, bad, one: (matrix, bad, one * 0), "positive, finite weight"),
        (lambda matrix, bad, one: (matrix, bad, -one), "positive, finite weight"),
        (lambda matrix, bad, one: (matrix, bad, one * np.nan), "positive, finite weight"),
        (lambda matrix, bad, one: (matrix, bad, one * np.inf), "positive, finite weight"),
        (lambda matrix, bad, one: (matrix, bad, one[1:]), "positive, finite weight"),
    ],
)
def test_it_refuses_what_teaches_nothing(spoil: Any, why: str) -> None:
    trees, matrix, bad = applicants()
    made = BoostingEstimator(trees.schema, QUICK)

    with pytest.raises(ValueError, match=why):
        made.fit(*spoil(matrix, bad, np.ones(len(bad))))
    assert not hasattr(made, "model_")


@pytest.mark.parametrize("code", [-1.0, 2.0, 0.5])
def test_it_refuses_what_is_no_position_of_a_category(code: float) -> None:
    """Minus one would quietly be the last category, and half a one is none."""
    home = Feature("home", "category", group="home", categories=("own", "rent"))
    schema = Schema("homes", 1, (Feature("debt", "number", group="debt"), home))
    matrix = np.column_stack([np.linspace(-1, 1, 400), np.tile([0.0, 1.0, np.nan, 0.0], 100)])
    bad = (np.arange(400) % 7 > 3).astype(float)
    made = BoostingEstimator(schema, QUICK).fit(matrix, bad)
    matrix[0, 1] = code

    for asked in (made.decision_function, lambda matrix: made.fit(matrix, bad)):
        with pytest.raises(ValueError, match="home holds a number that is no position"):
            asked(matrix)


def test_it_keeps_a_part_apart_with_the_same_mix() -> None:
    bad = np.r_[np.ones(40), np.zeros(360)]

    inner, outer = estimator.inner_fold(bad, share=0.25, seed=1)

    assert sorted([*inner, *outer]) == list(range(400))
    assert (len(outer), int(bad[outer].sum())) == (100, 10)
    assert estimator.inner_fold(bad, share=0.25, seed=1)[1].tolist() == outer.tolist()
    assert estimator.inner_fold(bad, share=0.25, seed=2)[1].tolist() != outer.tolist()


@pytest.mark.parametrize(
    ("most", "expected"), [(7, [7]), (20, [20]), (45, [20, 40, 45]), (60, [20, 40, 60])]
)
def test_it_compares_a_growing_model_at_stages(most: int, expected: list[int]) -> None:
    assert estimator.stages(most) == expected


def test_it_stops_where_calibrated_margins_predict_best() -> None:
    """Twice the truth is as good as the truth once a line has been laid through it."""
    rng = np.random.default_rng(4)
    truth = rng.normal(-1, 1, 3000)
    bad = (rng.random(3000) < 1 / (1 + np.exp(-truth))).astype(float)
    blurred = truth + rng.normal(0, 1, 3000)

    assert estimator.best_stage({20: blurred, 40: 2 * truth, 60: blurred}, bad, None) == 40
    assert estimator.best_stage({20: truth, 40: 2 * truth + 1}, bad, None) in (20, 40)
    assert estimator.best_stage({20: truth * 0, 40: -truth}, bad, None) == 20
    part = np.where(np.arange(3000) < 1000, 2 * truth, np.nan)
    assert estimator.best_stage({20: blurred, 40: part}, bad, None) == 40


def test_it_counts_rows_by_weight_where_it_stops() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(-1, 1, 3000)
    bad = (rng.random(3000) < 1 / (1 + np.exp(-truth))).astype(float)
    first = np.arange(3000) < 1500
    stages = {20: np.where(first, truth, -1.0), 40: np.where(first, -1.0, truth)}

    assert estimator.best_stage(stages, bad, np.where(first, 1.0, 1e-6)) == 20
    assert estimator.best_stage(stages, bad, np.where(first, 1e-6, 1.0)) == 40


def test_it_refuses_no_weight_at_all_as_it_takes_none() -> None:
    assert estimator.checked_weight(None, 3) is None
    with pytest.raises(TrainingRefused, match="one positive, finite weight"):
        estimator.checked_weight(np.ones(2), 3)
