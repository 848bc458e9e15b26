"""From a portfolio whose true risk is known to a served score: level, bands and ceiling."""

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from ml import artefact, metrics, reject_inference, training
from ml.application_schema import SCHEMA
from ml.boosting import BoostingConfig
from ml.estimator import Fitted
from ml.families import Config, estimator
from ml.portfolio import Policy, Portfolio
from ml.reject_inference import Fuzzy, InverseAcceptance
from ml.scorecard import ScorecardConfig
from ml.serving import Scorer
from ml.tests import portfolios
from ml.training import TrainedModel, TrainingConfig

Floats = npt.NDArray[np.float64]

BOOSTED = BoostingConfig(most_trees=120, learning_rate=0.08)
QUICK = BoostingConfig(trees=40, learning_rate=0.1)


@cache
def everybody() -> Portfolio:
    """Return applicants of whom nearly all got a loan, by chance."""
    return portfolios.made(
        6000, policy=Policy(strictness=-4, knock_outs=False, insight=0, override_share=0)
    )


@cache
def door() -> Portfolio:
    """Return applicants of whom an old policy, which saw more than the columns, approved some."""
    return portfolios.made(6000, policy=Policy(insight=0.8, knock_outs=False))


def truth(made: Portfolio) -> Floats:
    return made.truth["true_pd"].to_numpy(dtype=np.float64)


@cache
def trained(kind: str) -> TrainedModel:
    made = everybody()
    approved = made.applications["approved"].to_numpy(dtype=bool)
    model: Config = BOOSTED if kind == "lightgbm" else ScorecardConfig()
    return training.train(
        made.features[approved],
        made.applications["bad"][approved],
        schema=SCHEMA,
        config=TrainingConfig(model=model),
        dates=made.applications["applied_date"][approved],
    )


@cache
def scorer(kind: str) -> Scorer:
    stored = artefact.pack(trained(kind))
    return artefact.load(stored.body, stored.manifest, expected_sha256=stored.sha256)


KINDS = ("lightgbm", "scorecard")


@pytest.mark.parametrize("kind", KINDS)
def test_it_knows_the_level_of_the_true_risk(kind: str) -> None:
    true_pd = truth(everybody())

    risk = scorer(kind).score_frame(everybody().features)

    assert everybody().applications["approved"].mean() > 0.95
    assert risk.mean() == pytest.approx(true_pd.mean(), abs=0.012)


@pytest.mark.parametrize("kind", KINDS)
def test_it_knows_the_true_risk_of_every_band(kind: str) -> None:
    true_pd = truth(everybody())
    risk = scorer(kind).score_frame(everybody().features)

    order = np.argsort(risk)
    bands = np.array_split(order, 5)

    said = np.array([risk[band].mean() for band in bands])
    true = np.array([true_pd[band].mean() for band in bands])
    assert (np.diff(true) > 0).all()
    # The newest fifth of the rows, and a band's 1,200 people, allow about that much.
    assert np.abs(said - true).max() < 0.035
    assert np.corrcoef(said, true)[0, 1] > 0.99


@pytest.mark.parametrize("kind", KINDS)
def test_it_cannot_beat_the_truth(kind: str) -> None:
    would = everybody().truth["would_default"].to_numpy(dtype=float)
    ceiling = metrics.auc(truth(everybody()), would)

    found = trained(kind)

    assert found.out_of_time is not None
    assert ceiling is not None
    for judged in (found.metrics, found.out_of_time):
        assert 0.62 < judged["auc"] < ceiling


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_nearer_to_the_truth_than_the_mean_does(kind: str) -> None:
    true_pd = truth(everybody())

    risk = scorer(kind).score_frame(everybody().features)

    assert np.square(risk - true_pd).mean() < 0.8 * true_pd.var()
    assert np.corrcoef(risk, true_pd)[0, 1] > 0.5


def fit(matrix: Floats, bad: Floats, weight: Floats) -> Fitted:
    model: Fitted = estimator(SCHEMA, QUICK).fit(matrix, bad, weight).model_
    return model


def score(model: Fitted, matrix: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-model.margins(matrix))), dtype=np.float64)


@pytest.mark.parametrize("method", [Fuzzy(factor=1.6, folds=3), InverseAcceptance(folds=3)])
def test_it_learns_from_weights_that_let_the_rejected_have_their_say(
    method: Fuzzy | InverseAcceptance,
) -> None:
    """The accepted alone make the door look too safe; the weighted rows carry another level."""
    made, features = door(), door().features
    approved = made.applications["approved"].to_numpy(dtype=bool)
    bad = made.applications["bad"].to_numpy(dtype=np.float64)
    matrix = SCHEMA.to_matrix(features)
    inferred = reject_inference.infer(
        method,
        accepted_matrix=matrix[approved],
        accepted_bad=bad[approved],
        rejected_matrix=matrix[~approved],
        fit=fit,
        score=score,
    )
    accepted, rejected = np.flatnonzero(approved), np.flatnonzero(~approved)
    twice = np.concatenate([accepted, rejected, rejected])[: len(inferred.bad)]

    found = training.train(
        features.iloc[twice],
        inferred.bad,
        schema=SCHEMA,
        weight=inferred.weight,
        config=TrainingConfig(model=QUICK),
    )
    alone = training.train(
        features[approved], bad[approved], schema=SCHEMA, config=TrainingConfig(model=QUICK)
    )

    assert inferred.matrix == pytest.approx(matrix[twice], nan_ok=True)
    level = float(np.average(inferred.bad, weights=inferred.weight))
    assert found.bad_rate == pytest.approx(level)
    risk, without = (
        one.calibration.probability_of(one.model.margins(matrix)).mean() for one in (found, alone)
    )
    assert np.average(
        found.calibration.probability_of(found.model.margins(inferred.matrix)),
        weights=inferred.weight,
    ) == pytest.approx(level, abs=0.01)
    true_level = truth(made).mean()
    assert without < true_level
    assert abs(risk - true_level) < abs(without - true_level)
