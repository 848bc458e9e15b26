"""One row through LightGBM's fast way: the numbers of the usual way, to the last bit."""

import gc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml._single_row import SingleRow
from ml.boosting import (
    BoostingConfig,
    BoostingEstimator,
    ForestConfig,
    ForestEstimator,
    Trees,
)
from ml.estimator import Estimator, Floats
from ml.schema import Feature, Schema

SCHEMA = Schema(
    "single",
    1,
    (
        Feature("debt", "number", group="debt", direction=1),
        Feature("income", "number", group="income", missing="allowed", missing_meaning="unknown"),
        Feature("home", "category", group="home", categories=tuple("abcdef")),
        Feature("town", "category", group="home", categories=tuple(f"t{i}" for i in range(40))),
    ),
)


def sample(rows: int = 1500) -> tuple[Floats, Floats]:
    chance = np.random.default_rng(6)
    matrix = np.column_stack(
        [
            chance.normal(size=rows),
            np.where(chance.random(rows) < 0.2, np.nan, chance.normal(size=rows)),
            chance.integers(0, 6, rows).astype(float),
            chance.integers(0, 40, rows).astype(float),
        ]
    )
    matrix[::9, 0] = 0.0
    log_odds = matrix[:, 0] + (matrix[:, 2] == 3) - (matrix[:, 3] < 9) + np.isnan(matrix[:, 1])
    return matrix, (chance.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)


MATRIX, BAD = sample()
ESTIMATORS: dict[str, Estimator] = {
    "boosted": BoostingEstimator(SCHEMA, BoostingConfig(trees=50, num_leaves=16)),
    "shifted": BoostingEstimator(SCHEMA, BoostingConfig(trees=20, bad_weight=3.0)),
    "forest": ForestEstimator(SCHEMA, ForestConfig(trees=20)),
}
MODELS: dict[str, Trees] = {
    name: estimator.learn(MATRIX, BAD, None) for name, estimator in ESTIMATORS.items()
}


@pytest.mark.parametrize("name", MODELS)
def test_it_gives_a_row_alone_what_it_gets_among_others(name: str) -> None:
    model = MODELS[name]
    margins, contributions = model.margins(MATRIX), model.contributions(MATRIX)

    alone = [model.margins(row) for row in MATRIX[:, None, :]]
    explained = [model.contributions(row) for row in MATRIX[:, None, :]]

    assert np.array_equal(np.concatenate(alone), margins)
    assert np.array_equal(np.concatenate(explained), contributions)
    assert alone[0].shape == (1,)
    assert explained[0].shape == (1, len(SCHEMA.names) + 1)


@settings(max_examples=150, deadline=None)
@given(
    row=arrays.arrays(
        np.float64,
        (1, 4),
        elements=st.one_of(
            st.floats(allow_infinity=False, width=64),
            st.sampled_from([0.0, -0.0, 1e-36, 5e-324, np.nan, -1.0, 5.0]),
        ),
    )
)
def test_it_is_the_booster_s_own_answer_whatever_the_row(row: Floats) -> None:
    booster = MODELS["boosted"].booster
    single = SingleRow(booster)

    margin, shares = single.margins(row), single.contributions(row)

    assert np.array_equal(margin, booster.predict(row, raw_score=True))
    assert np.array_equal(shares, booster.predict(row, pred_contrib=True))


def test_it_answers_in_an_array_of_its_own() -> None:
    single = SingleRow(MODELS["boosted"].booster)

    first = single.margins(MATRIX[:1])
    before = first.copy()
    single.margins(MATRIX[MATRIX[:, 0].argmax()][None])

    assert first == before


def test_it_takes_rows_in_any_layout() -> None:
    model, wide = MODELS["boosted"], np.asfortranarray(MATRIX)
    spread = np.repeat(MATRIX, 2, axis=1)

    expected = model.margins(MATRIX)[3:4]
    assert np.array_equal(model.margins(wide[3:4]), expected)
    assert np.array_equal(model.margins(spread[3:4, ::2]), expected)


def test_it_keeps_threads_apart() -> None:
    model = MODELS["boosted"]
    expected_margins, expected_shares = model.margins(MATRIX), model.contributions(MATRIX)

    def ask(start: int) -> bool:
        return all(
            model.margins(MATRIX[at : at + 1])[0] == expected_margins[at]
            and np.array_equal(model.contributions(MATRIX[at : at + 1])[0], expected_shares[at])
            for at in range(start, len(MATRIX), 4)
        )

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))

    assert answers == [True] * 4


def test_it_outlives_the_booster_it_was_made_of() -> None:
    booster = lightgbm.Booster(model_str=MODELS["boosted"].booster.model_to_string())
    expected = booster.predict(MATRIX[:1], raw_score=True)
    single = SingleRow(booster)
    single.margins(MATRIX[:1])

    del booster
    gc.collect()

    assert np.array_equal(single.margins(MATRIX[:1]), expected)


@pytest.mark.parametrize("row", [MATRIX[:2], MATRIX[:1, :3], MATRIX[0]], ids=["two", "short", "1d"])
def test_it_refuses_anything_but_one_whole_row(row: Any) -> None:
    single = SingleRow(MODELS["boosted"].booster)

    with pytest.raises(ValueError, match="One row of 4 numbers"):
        single.margins(row)
    with pytest.raises(ValueError, match="One row of 4 numbers"):
        single.contributions(row)
