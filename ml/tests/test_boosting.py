"""Boosted trees: as many as unseen rows ask for, level with the risk, and whole or refused."""

import dataclasses
import json
import math
from functools import cache
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import metrics
from ml.boosting import BoostingConfig, BoostingEstimator, Trees
from ml.calibration import probability
from ml.schema import Feature, Schema
from ml.tests.explained_models import applicants

Floats = npt.NDArray[np.float64]

QUICK = BoostingConfig(trees=40, learning_rate=0.1)
AREAS = 60


def grown(config: BoostingConfig = QUICK, weight: Floats | None = None) -> Trees:
    known, matrix, bad = applicants()
    model = BoostingEstimator(known.schema, config).fit(matrix, bad, weight).model_
    assert isinstance(model, Trees)
    return model


@cache
def plain() -> Trees:
    return grown()


@cache
def by_area() -> tuple[Schema, Floats, Floats]:
    """Return loans whose risk differs by area; the last area has none yet."""
    schema = Schema(
        "areas",
        1,
        (
            Feature("burden", "number", group="burden", direction=1),
            Feature(
                "area",
                "category",
                group="area",
                categories=tuple(f"a{number}" for number in range(AREAS)),
                missing="allowed",
                missing_meaning="Not stated.",
            ),
        ),
    )
    rng = np.random.default_rng(9)
    area, burden = rng.integers(0, AREAS - 1, 3000), rng.normal(size=3000)
    log_odds = -1.5 + rng.normal(0, 1, AREAS)[area] + 0.8 * burden
    bad = (rng.random(3000) < probability(log_odds)).astype(float)
    return schema, np.column_stack([burden, area]).astype(float), bad


@cache
def areal() -> Trees:
    schema, matrix, bad = by_area()
    model = BoostingEstimator(schema, QUICK).fit(matrix, bad).model_
    assert isinstance(model, Trees)
    return model


def test_it_is_lightgbms_own_text() -> None:
    _, matrix, _ = applicants()

    read = lightgbm.Booster(model_str=plain().to_body())

    assert plain().to_body().startswith("tree\n")
    assert np.asarray(read.predict(matrix, raw_score=True)).tolist() == (
        plain().margins(matrix).tolist()
    )
    assert plain().facts() == {"trees": 40, "leaves": 8}


def test_it_stops_early_on_noise_and_late_on_signal() -> None:
    known, matrix, bad = applicants()
    config = BoostingConfig(most_trees=200, learning_rate=0.1)
    noise = np.random.default_rng(1).permutation(bad)

    on_noise, on_signal = (
        BoostingEstimator(known.schema, config).fit(matrix, outcomes).model_.facts()["trees"]
        for outcomes in (noise, bad)
    )

    assert on_noise <= on_signal <= 200
    assert on_noise < 100


def test_it_settles_the_number_of_trees_on_unseen_rows() -> None:
    known, matrix, bad = applicants()
    rows = np.arange(len(bad))
    folds = [(rows[rows % 3 != part], rows[rows % 3 == part]) for part in range(3)]
    config = BoostingConfig(most_trees=100, learning_rate=0.1)

    found = BoostingEstimator(known.schema, config).cross_fit(matrix, bad, None, folds)

    settled = found.estimator.config
    assert 1 <= settled.trees <= 100
    assert settled == dataclasses.replace(config, trees=settled.trees)
    assert metrics.auc(found.margins, bad) == pytest.approx(0.74, abs=0.05)


@pytest.mark.parametrize("bad_weight", [0.25, 4.0])
def test_it_sets_the_level_back_after_weighing_a_class(bad_weight: float) -> None:
    _, matrix, bad = applicants()

    model = grown(dataclasses.replace(QUICK, bad_weight=bad_weight))

    raw = np.asarray(model.booster.predict(matrix, raw_score=True))
    assert model.shift == math.log(bad_weight)
    assert model.margins(matrix) == pytest.approx(raw - math.log(bad_weight))
    assert abs(probability(raw).mean() - bad.mean()) > 0.08
    assert probability(model.margins(matrix)).mean() == pytest.approx(bad.mean(), abs=0.03)


def test_it_keeps_the_shift_beside_the_trees() -> None:
    _, matrix, _ = applicants()
    model = grown(dataclasses.replace(QUICK, bad_weight=3.0))

    body = json.loads(model.to_body())

    assert body.keys() == {"trees", "statistics", "shift"}
    again = Trees.from_body(model.to_body(), model.schema)
    assert again.margins(matrix).tolist() == model.margins(matrix).tolist()
    assert again.contributions(matrix).tolist() == model.contributions(matrix).tolist()


def test_it_grows_the_same_trees_with_two_threads() -> None:
    few = dataclasses.replace(QUICK, trees=5)

    one, two = grown(few), grown(dataclasses.replace(few, num_threads=2))

    _, matrix, _ = applicants()
    assert two.margins(matrix).tolist() == one.margins(matrix).tolist()


def test_it_learns_directions_freely_when_told_to() -> None:
    free = grown(dataclasses.replace(QUICK, monotone=False))

    assert "monotone_constraints: ]" in free.to_body()
    assert "monotone_constraints: ]" not in plain().to_body()


def test_it_tries_thresholds_at_random_when_told_to() -> None:
    random = grown(dataclasses.replace(QUICK, random_splits=True))

    _, matrix, bad = applicants()
    assert "[extra_trees: 1]" in random.to_body()
    assert (metrics.auc(random.margins(matrix), bad) or 0) > 0.7


def test_it_draws_features_for_each_split_when_told_to() -> None:
    drawn = grown(dataclasses.replace(QUICK, node_fraction=0.5))

    assert "[feature_fraction_bynode: 0.5]" in drawn.to_body()
    with pytest.raises(ValueError, match="node_fraction"):
        BoostingConfig(node_fraction=0)


def test_it_bounds_leaves_less_with_advanced_directions() -> None:
    deep = dataclasses.replace(QUICK, num_leaves=31, min_child_samples=5)
    bounded, loose = grown(deep), grown(dataclasses.replace(deep, advanced_directions=True))
    _, matrix, bad = applicants()

    losses = [
        float(np.mean(np.logaddexp(0, np.where(bad == 1, -margins, margins))))
        for margins in (bounded.margins(matrix), loose.margins(matrix))
    ]

    assert losses[1] < losses[0]
    assert "[monotone_constraints_method: advanced]" in loose.to_body()


def test_it_orders_many_categories_by_their_past() -> None:
    schema, matrix, bad = by_area()
    asked = np.column_stack([np.zeros(AREAS), np.arange(AREAS)]).astype(float)
    given_bad = np.bincount(matrix[:, 1].astype(int), weights=bad, minlength=AREAS)
    rows = np.bincount(matrix[:, 1].astype(int), minlength=AREAS)

    margins = areal().margins(asked)

    known = rows > 0
    rank = np.corrcoef(margins[known], given_bad[known] / rows[known])[0, 1]
    assert rank > 0.8
    numbers = areal().statistics.levels[1]
    assert len(numbers) == len(schema.feature("area").categories)
    assert numbers[-1] == pytest.approx(math.log(bad.mean() / (1 - bad.mean())))
    assert margins.min() < margins[-1] < margins.max()


def test_it_never_calls_an_area_safer_for_a_worse_past() -> None:
    asked = np.column_stack([np.zeros(AREAS), np.arange(AREAS)]).astype(float)

    order = np.argsort(areal().statistics.levels[1])

    assert (np.diff(areal().margins(asked)[order]) >= 0).all()


def test_it_scores_an_area_that_is_not_stated() -> None:
    shares = areal().contributions(np.array([[0.0, np.nan]]))

    assert np.isfinite(shares).all()
    assert shares.sum() == pytest.approx(float(areal().margins(np.array([[0.0, np.nan]]))[0]))


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_it_refuses_trees_that_were_cut_short(share: float) -> None:
    """LightGBM itself would end this very process."""
    body = plain().to_body()
    whole = body.index("end of trees")

    with pytest.raises(ValueError, match="cut short"):
        Trees.from_body(body[: int(share * whole)], plain().schema)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace("tree_sizes=", "tree_sizes=1 "),
        lambda body: body.replace("tree_sizes=", "sizes="),
        lambda body: body.replace("tree_sizes=", "tree_sizes=many "),
        lambda body: body.replace("num_leaves=8\n", "num_leaves=80\n", 1),
        lambda body: body.replace("existing_dti", "existing_dtj"),
    ],
)
def test_it_refuses_trees_that_do_not_add_up(change: Any) -> None:
    with pytest.raises(ValueError, match=r"cut short|many|other features"):
        Trees.from_body(change(plain().to_body()), plain().schema)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"trees": 5, "statistics": {}, "shift": 0.0},
        {"trees": None, "statistics": {}, "shift": 0.0},
        {"statistics": {}, "shift": 0.0},
    ],
)
def test_it_refuses_json_that_holds_no_trees(parts: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Trees.from_body(json.dumps(parts), plain().schema)


def test_it_refuses_statistics_that_are_none() -> None:
    body = json.dumps({"trees": plain().to_body(), "statistics": 5, "shift": 0.0})

    with pytest.raises(TypeError):
        Trees.from_body(body, plain().schema)
