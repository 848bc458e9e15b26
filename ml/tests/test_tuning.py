"""The search for a configuration: a budget kept, never worse than the start, and repeatable."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from ml import blend, calibration, tuning
from ml.boosting import BoostingConfig, BoostingEstimator
from ml.estimator import Floats, TrainingRefused, log_loss_at
from ml.schema import Feature, Schema
from ml.tuning import Range, TuningConfig, tune

START = BoostingConfig(most_trees=60, num_leaves=4, learning_rate=0.1)
QUICK = TuningConfig(trials=8, folds=3)
SCHEMA = Schema(
    "tuned",
    1,
    (
        Feature("debt", "number", group="debt", direction=1),
        Feature("income", "number", group="income", direction=-1),
        Feature("noise", "number", group="noise"),
    ),
)


def sample(rows: int = 600) -> tuple[Floats, Floats]:
    chance = np.random.default_rng(3)
    matrix = chance.normal(size=(rows, 3))
    log_odds = matrix[:, 0] - matrix[:, 1] + matrix[:, 0] * matrix[:, 1] - 0.5
    return matrix, (chance.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(float)


MATRIX, BAD = sample()


def out_of_fold_loss(config: BoostingConfig, tuning_config: TuningConfig) -> tuple[float, Any]:
    folds = blend.inner_folds(BAD, count=tuning_config.folds, seed=tuning_config.seed)
    found = BoostingEstimator(SCHEMA, config).cross_fit(MATRIX, BAD, None, folds)
    line = calibration.fit_platt(found.margins, BAD)
    return log_loss_at(line.log_odds_of(found.margins), BAD, None), found.estimator.config.trees


@pytest.fixture(scope="module")
def tuned() -> tuning.Tuned:
    return tune(SCHEMA, MATRIX, BAD, start=START, config=QUICK)


def test_it_starts_from_the_given_configuration(tuned: tuning.Tuned) -> None:
    expected, trees = out_of_fold_loss(START, QUICK)

    first = tuned.trials[0]

    assert first.parameters == {name: getattr(START, name) for name in tuning.SPACE}
    assert first.log_loss == pytest.approx(expected, rel=1e-12)
    assert first.trees == trees


def test_it_returns_the_best_trial_and_its_loss_can_be_found_again(tuned: tuning.Tuned) -> None:
    losses = [one.log_loss for one in tuned.trials if one.log_loss is not None]

    again, trees = out_of_fold_loss(tuned.config, QUICK)

    best = tuned.trials[tuned.best]
    assert best.log_loss == min(losses) == pytest.approx(again, rel=1e-12)
    assert best.trees == trees
    assert tuned.gain == losses[0] - min(losses) >= 0
    assert {name: getattr(tuned.config, name) for name in tuning.SPACE} == best.parameters


def test_it_keeps_to_the_budget_and_says_so(tuned: tuning.Tuned) -> None:
    assert tuned.spent == len(tuned.trials) == QUICK.trials
    assert tuned.stopped_because == "trials"


def test_it_searches_the_space_and_leaves_the_rest_alone(tuned: tuning.Tuned) -> None:
    untouched = START.to_dict().keys() - tuning.SPACE.keys()

    for one in tuned.trials[1:]:
        for name, limits in tuning.SPACE.items():
            assert limits.low <= one.parameters[name] <= limits.high
            assert isinstance(one.parameters[name], type(getattr(START, name)))
    assert len({tuple(one.parameters.values()) for one in tuned.trials}) == QUICK.trials
    assert {"monotone", "trees", "seed"} <= untouched
    for name in untouched:
        assert getattr(tuned.config, name) == getattr(START, name)


def test_it_gives_the_same_search_twice(tuned: tuning.Tuned) -> None:
    again = tune(SCHEMA, MATRIX.copy(), BAD, start=START, config=QUICK)

    assert again == tuned


def test_it_searches_elsewhere_with_another_seed(tuned: tuning.Tuned) -> None:
    other = tune(SCHEMA, MATRIX, BAD, start=START, config=TuningConfig(trials=2, folds=3, seed=1))

    assert other.trials[1].parameters != tuned.trials[1].parameters


def test_it_mends_a_bad_start() -> None:
    start = BoostingConfig(most_trees=60, learning_rate=0.001, l2=1000.0, num_leaves=2)

    found = tune(SCHEMA, MATRIX, BAD, start=start, config=QUICK)

    assert found.best > 0
    assert found.gain > 0.01
    assert found.config.learning_rate >= tuning.SPACE["learning_rate"].low


def test_it_keeps_a_start_that_nothing_beats() -> None:
    worse = {"learning_rate": Range(1e-6, 2e-6), "num_leaves": Range(2, 3)}
    config = TuningConfig(trials=4, folds=3, space=worse)

    found = tune(SCHEMA, MATRIX, BAD, start=START, config=config)

    assert found.best == 0
    assert found.config == START
    assert found.gain == 0


def test_it_tries_nothing_else_when_the_time_is_up() -> None:
    config = TuningConfig(trials=50, folds=3, seconds=1e-9)

    found = tune(SCHEMA, MATRIX, BAD, start=START, config=config)

    assert found.spent == 1
    assert found.stopped_because == "seconds"
    assert found.config == START


def test_it_gives_up_what_the_first_fold_tells_against() -> None:
    space = {"learning_rate": Range(1e-4, 0.1, log=True)}
    patient = TuningConfig(trials=16, folds=3, space=space, give_up_early=False)
    quick = TuningConfig(trials=16, folds=3, space=space)
    start = BoostingConfig(most_trees=20, num_leaves=4, learning_rate=0.1)

    whole = tune(SCHEMA, MATRIX, BAD, start=start, config=patient)
    found = tune(SCHEMA, MATRIX, BAD, start=start, config=quick)

    given_up = [one for one in found.trials if one.log_loss is None]
    assert all(one.log_loss is not None for one in whole.trials)
    assert 0 < len(given_up) < 11
    assert all(one.trees is None for one in given_up)
    assert found.spent == 16


def test_it_counts_rows_by_their_weight() -> None:
    weight = np.where(MATRIX[:, 2] > 0, 3.0, 1.0)
    config = TuningConfig(trials=2, folds=3)

    found = tune(SCHEMA, MATRIX, BAD, start=START, config=config, weight=weight)

    plain = tune(SCHEMA, MATRIX, BAD, start=START, config=config)
    assert found.trials[0].log_loss != plain.trials[0].log_loss
    even = tune(SCHEMA, MATRIX, BAD, start=START, config=config, weight=np.ones(len(BAD)))
    assert even.trials[0].log_loss == pytest.approx(plain.trials[0].log_loss, abs=1e-3)


def test_it_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    verbosity = optuna.logging.get_verbosity()
    np.random.seed(5)  # noqa: NPY002 - the global state is what must not move
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002

    tune(SCHEMA, MATRIX, BAD, start=START, config=TuningConfig(trials=3, folds=2))

    assert np.random.random() == expected  # noqa: NPY002
    assert optuna.logging.get_verbosity() == verbosity
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_told_as_json(tuned: tuning.Tuned) -> None:
    told = json.loads(json.dumps(tuned.to_dict(), allow_nan=False))

    assert told["best"] == tuned.best
    assert told["spent"] == 8
    assert told["config"]["kind"] == "lightgbm"
    assert told["trials"][0] == {
        "parameters": dict(tuned.trials[0].parameters),
        "log_loss": tuned.trials[0].log_loss,
        "trees": tuned.trials[0].trees,
    }


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"trials": 0}, "trials cannot be 0"),
        ({"seconds": 0.0}, "seconds cannot be"),
        ({"folds": 1}, "folds cannot be 1"),
        ({"space": {}}, "it was given none"),
        ({"space": {"monotone": Range(0, 1)}}, "it was given monotone"),
        ({"space": {"num_leaves": Range(1, 8)}}, "num_leaves cannot be 1"),
        ({"space": {"num_leaves": Range(2.5, 8)}}, "whole numbers"),
        ({"space": {"bagging_fraction": Range(0.5, 1.5)}}, "bagging_fraction cannot be 1.5"),
    ],
)
def test_it_refuses_a_search_that_makes_no_sense(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        TuningConfig(**wrong)


@pytest.mark.parametrize(("low", "high", "log"), [(2, 2, False), (3, 2, False), (0, 2, True)])
def test_it_refuses_a_range_that_is_none(low: float, high: float, log: bool) -> None:
    with pytest.raises(ValueError, match="no range"):
        Range(low, high, log=log)


def test_it_refuses_data_that_carry_no_model() -> None:
    config = TuningConfig(trials=2, folds=3)

    with pytest.raises(TrainingRefused, match="All outcomes are the same"):
        tune(SCHEMA, MATRIX, np.zeros(len(BAD)), config=config)
    with pytest.raises(TrainingRefused, match="600 rows but 400"):
        tune(SCHEMA, MATRIX, BAD[:400], config=config)
    with pytest.raises(TrainingRefused, match="one positive, finite weight"):
        tune(SCHEMA, MATRIX, BAD, config=config, weight=np.zeros(len(BAD)))
    with pytest.raises(TrainingRefused, match="orders the outcomes"):
        tune(SCHEMA, np.zeros_like(MATRIX), BAD, start=START, config=config)
    with pytest.raises(ValueError, match="infinite"):
        tune(SCHEMA, np.full_like(MATRIX, np.inf), BAD, start=START, config=config)
