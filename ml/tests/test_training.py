"""What training promises: calibrated, monotone, repeatable, and honest refusals."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import artefact, calibration, metrics, training
from ml.application_schema import SCHEMA
from ml.artefact import Artefact
from ml.boosting import BoostingConfig
from ml.schema import SchemaViolation
from ml.serving import Scorer
from ml.tests.conftest import SMALL
from ml.training import TrainedModel, TrainingConfig, TrainingRefused

LIGHT = BoostingConfig(most_trees=80, learning_rate=0.1)
DIRECTED = [feature for feature in SCHEMA.features if feature.direction]


def test_it_orders_people_it_never_saw(trained: TrainedModel) -> None:
    assert trained.metrics["sample"] == "out_of_fold"
    assert 0.70 < trained.metrics["auc"] < 0.85
    assert trained.metrics["gini"] == 2 * trained.metrics["auc"] - 1
    assert trained.metrics["brier_skill"] > 0.05


def test_it_is_calibrated_to_the_true_risk(
    trained: TrainedModel, scorer: Scorer, applications: pd.DataFrame, features: pd.DataFrame
) -> None:
    pd_ = scorer.score_frame(features)

    assert trained.bad_rate == pytest.approx(applications["bad"].mean())
    assert pd_.mean() == pytest.approx(applications["true_pd"].mean(), abs=0.01)
    assert trained.metrics["expected_calibration_error"] < 0.02
    assert trained.calibration.line.slope > 0


def test_it_gives_the_same_model_twice(
    applications: pd.DataFrame, features: pd.DataFrame, packed: Artefact
) -> None:
    again = artefact.pack(
        training.train(features.copy(), applications["bad"], schema=SCHEMA, config=SMALL)
    )

    assert again.sha256 == packed.sha256
    assert again.manifest == packed.manifest


def test_it_gives_another_model_for_another_seed(
    applications: pd.DataFrame, features: pd.DataFrame, packed: Artefact
) -> None:
    model = dataclasses.replace(LIGHT, seed=LIGHT.seed + 1)
    config = dataclasses.replace(SMALL, model=model)

    other = training.train(features, applications["bad"], schema=SCHEMA, config=config)

    assert other.model.to_body() != packed.body
    assert artefact.pack(other).sha256 != packed.sha256


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_it_never_works_against_a_declared_direction(
    data: st.DataObject, scorer: Scorer, features: pd.DataFrame
) -> None:
    feature = data.draw(st.sampled_from(DIRECTED))
    row = SCHEMA.to_rows(features.iloc[[data.draw(st.integers(0, len(features) - 1))]])[0]
    seen = features[feature.name].dropna().astype(float)
    low, high = sorted(data.draw(st.tuples(*[st.sampled_from(sorted(seen.unique()))] * 2)))
    as_given = int if feature.kind == "integer" else float

    lower, higher = (
        scorer.score_one(row | {feature.name: as_given(value)}, explain=False).log_odds
        for value in (low, high)
    )

    assert feature.direction * (higher - lower) >= 0


def test_it_learns_directions_freely_when_told_to(
    applications: pd.DataFrame, features: pd.DataFrame
) -> None:
    config = dataclasses.replace(SMALL, model=dataclasses.replace(LIGHT, monotone=False))

    free = training.train(features, applications["bad"], schema=SCHEMA, config=config)

    assert "monotone_constraints: ]" in free.model.to_body()


def test_it_takes_missing_bureau_data_as_it_comes(
    applications: pd.DataFrame, features: pd.DataFrame, scorer: Scorer
) -> None:
    thin = features["credit_history_months"].isna().to_numpy()

    pd_ = scorer.score_frame(features[thin])

    assert 0.1 < thin.mean() < 0.3
    assert pd_.mean() == pytest.approx(applications.loc[thin, "true_pd"].mean(), abs=0.03)


@pytest.mark.parametrize(
    ("outcomes", "why"),
    [
        (np.zeros(4000), "nothing to tell apart"),
        (np.ones(4000), "nothing to tell apart"),
        (np.r_[np.ones(19), np.zeros(3981)], "at least 20 good and as many bad"),
        (np.r_[np.ones(3981), np.zeros(19)], "at least 20 good and as many bad"),
        (np.r_[np.full(1, np.nan), np.ones(3999)], "0 .good. or 1 .bad."),
        (np.full(4000, 2), "0 .good. or 1 .bad."),
        (np.array(["yes"] * 4000), "0 .good. or 1 .bad."),
        (np.ones(3), "4000 rows but 3 outcomes"),
        (np.tile([0, 1], 2000), "do not order"),
    ],
)
def test_it_refuses_outcomes_that_teach_nothing(
    features: pd.DataFrame, outcomes: npt.NDArray[np.float64], why: str
) -> None:
    frame = pd.concat([features.iloc[[0]]] * 4000) if why == "do not order" else features

    with pytest.raises(TrainingRefused, match=why):
        training.train(frame, outcomes, schema=SCHEMA, config=SMALL)


def test_it_refuses_too_few_rows(applications: pd.DataFrame, features: pd.DataFrame) -> None:
    with pytest.raises(TrainingRefused, match="at least 200 rows; there are 199"):
        training.train(features[:199], applications["bad"][:199], schema=SCHEMA)


def test_it_refuses_a_frame_that_does_not_fit(
    applications: pd.DataFrame, features: pd.DataFrame
) -> None:
    with pytest.raises(SchemaViolation, match="Row 3: term_months"):
        training.train(
            features.assign(term_months=features["term_months"].where(features.index != 3, 481)),
            applications["bad"],
            schema=SCHEMA,
        )
    with pytest.raises(SchemaViolation, match="is not a feature"):
        training.train(applications, applications["bad"], schema=SCHEMA)


def test_it_copes_with_a_constant_column(
    applications: pd.DataFrame, features: pd.DataFrame
) -> None:
    frame = features.assign(term_months=24, bankruptcies=None)

    model = training.train(frame, applications["bad"], schema=SCHEMA, config=SMALL)

    assert model.metrics["auc"] > 0.7


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"folds": 0}, {"calibration": "guess"}])
def test_it_refuses_a_configuration_that_makes_no_run(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrainingConfig(**wrong)


def test_it_fits_the_calibration_line_that_made_the_outcomes() -> None:
    rng = np.random.default_rng(3)
    margins = rng.normal(-2, 1, 200_000)
    bad = (rng.random(200_000) < calibration.probability(0.4 + 0.7 * margins)).astype(float)

    line = calibration.fit_platt(margins, bad)

    assert line.intercept == pytest.approx(0.4, abs=0.05)
    assert line.slope == pytest.approx(0.7, abs=0.02)
    fitted = calibration.probability(line.log_odds_of(margins))
    assert fitted.mean() == pytest.approx(bad.mean(), abs=1e-9)


@pytest.mark.parametrize(
    ("margins", "bad", "why"),
    [
        ([1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0], "same margin"),
        ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 0.0, 1.0], "positive slope"),
        ([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 1.0, 1.0], "perfectly separated"),
    ],
)
def test_it_refuses_to_calibrate_without_order(
    margins: list[float], bad: list[float], why: str
) -> None:
    with pytest.raises(calibration.NoSignal, match=why):
        calibration.fit_platt(np.array(margins), np.array(bad))


@given(log_odds=st.floats(-800, 800))
def test_it_turns_log_odds_into_the_same_probability_alone_and_in_company(log_odds: float) -> None:
    many = calibration.probability(np.full(9, log_odds))

    assert set(many.tolist()) == {calibration.probability_of(log_odds)}
    assert 0 <= many[0] <= 1


def test_it_cannot_beat_the_truth(applications: pd.DataFrame, trained: TrainedModel) -> None:
    ceiling = metrics.auc(applications["true_pd"].to_numpy(), applications["bad"].to_numpy())

    assert ceiling is not None
    assert trained.metrics["auc"] < ceiling
