"""Several models speak as one: a weighted sum that stays exact, never worse than the best."""

import dataclasses
import json
import math
from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from ml import blend, families
from ml.blend import Blend, BlendConfig, BlendEstimator, Member
from ml.boosting import BoostingConfig, ForestConfig
from ml.calibration import Platt, fit_platt
from ml.estimator import Estimator, Fitted, TrainingRefused, log_loss_at
from ml.families import Family, estimator
from ml.scorecard import ScorecardConfig
from ml.tests.explained_models import ABC, Linear, applicants, linear

Floats = npt.NDArray[np.float64]

TREES = BoostingConfig(trees=30, learning_rate=0.1)
MEMBERS = (ScorecardConfig(), TREES, ForestConfig(trees=20, num_leaves=16))


@cache
def outcomes() -> tuple[Floats, Floats]:
    """Return true log-odds of 4,000 people and what became of them."""
    rng = np.random.default_rng(8)
    truth = rng.normal(-1.5, 1.2, 4000)
    return truth, (rng.random(4000) < 1 / (1 + np.exp(-truth))).astype(float)


def seen_with(error: float, seed: int) -> Floats:
    """Return calibrated log-odds that see the truth through an error."""
    truth, bad = outcomes()
    blurred = truth + np.random.default_rng(seed).normal(0, error, len(truth))
    return fit_platt(blurred, bad).log_odds_of(blurred)


def two_lines() -> Blend:
    """Return a blend of two linear models of three numbers."""
    return Blend(
        ABC,
        (
            Member(linear([1.0, 2.0, 0.0]), Platt(intercept=0.5, slope=2.0), 0.25),
            Member(linear([0.0, 1.0, -1.0]), Platt(intercept=-1.0, slope=0.5), 0.75),
        ),
    )


def test_it_is_the_weighted_mean_of_calibrated_log_odds() -> None:
    """Margins of (1, 1, 1) are -2 + 3 = 1 and -2 + 0 = -2; lines make them 2.5 and -2."""
    found = two_lines().margins(np.array([[1.0, 1.0, 1.0]]))

    assert found.tolist() == [0.25 * 2.5 + 0.75 * -2.0]


def test_it_adds_up_the_attributions_of_its_members() -> None:
    row = np.array([[1.0, 1.0, 1.0]])

    shares = two_lines().contributions(row)

    base = 0.25 * (0.5 + 2.0 * -2) + 0.75 * (-1.0 + 0.5 * -2)
    assert shares[0].tolist() == pytest.approx([0.5, 1.0 + 0.375, -0.375, base])
    assert shares.sum() == pytest.approx(float(two_lines().margins(row)[0]))


@pytest.mark.parametrize("weights", [(), (0.5,), (0.5, 0.6), (1.5, -0.5), (1.0, 0.0)])
def test_it_refuses_weights_that_are_no_shares(weights: tuple[float, ...]) -> None:
    line = Platt(intercept=0.0, slope=1.0)

    with pytest.raises(ValueError, match="positive and add up to one"):
        Blend(ABC, tuple(Member(linear([1.0, 0.0, 0.0]), line, one) for one in weights))


def test_it_gives_all_weight_to_a_member_that_knows_more() -> None:
    _, bad = outcomes()

    shares = blend.weights_of([seen_with(9.0, 1), seen_with(0.0, 2)], bad, None, additions=30)

    assert shares[1] > 0.9
    assert sum(shares) == pytest.approx(1)


def test_it_shares_between_members_that_err_apart() -> None:
    _, bad = outcomes()
    log_odds = [seen_with(0.8, seed) for seed in (1, 2, 3)]

    shares = blend.weights_of(log_odds, bad, None, additions=30)

    assert min(shares) > 0.2
    together = sum(share * one for share, one in zip(shares, log_odds, strict=True))
    assert isinstance(together, np.ndarray)
    assert log_loss_at(together, bad, None) < min(log_loss_at(one, bad, None) for one in log_odds)


def test_it_begins_with_the_mean_of_all_that_keep_up() -> None:
    """Two that say the same keep up with each other; one that sees little does not."""
    _, bad = outcomes()
    same = seen_with(0.5, 1)

    shares = blend.weights_of([same, seen_with(9.0, 2), same], bad, None, additions=10)

    assert shares == [0.5, 0.0, 0.5]


def test_it_keeps_who_is_behind_by_chance_only() -> None:
    """On few people the better of two equals is luck, so none gets everything."""
    _, bad = outcomes()
    few = slice(0, 200)

    shares = blend.weights_of(
        [seen_with(0.6, seed)[few] for seed in range(4)], bad[few], None, additions=1
    )

    assert min(shares) > 0.1


def test_it_looks_at_the_rows_that_weights_name() -> None:
    """Each member knows one half of the people; the weights name the half that matters."""
    truth, bad = outcomes()
    half = np.arange(len(bad)) < len(bad) // 2
    flat = float(np.log(bad.mean() / (1 - bad.mean())))
    members = [np.where(half, truth, flat), np.where(half, flat, truth)]

    first = blend.weights_of(members, bad, np.where(half, 1.0, 1e-6), additions=10)

    assert first == [1.0, 0.0]
    assert min(blend.weights_of(members, bad, None, additions=10)) > 0.2


def test_it_measures_loss_in_nats() -> None:
    bad = np.array([1.0, 0.0])

    assert log_loss_at(np.zeros(2), bad, None) == pytest.approx(math.log(2))
    thirds = np.array([math.log(2), math.log(2)])
    assert log_loss_at(thirds, bad, None) == pytest.approx(-(math.log(2 / 3) + math.log(1 / 3)) / 2)
    assert log_loss_at(thirds, bad, np.array([3.0, 1.0])) == pytest.approx(
        -(3 * math.log(2 / 3) + math.log(1 / 3)) / 4
    )
    assert math.isfinite(log_loss_at(np.array([-900.0, 900.0]), bad, None))


def test_it_predicts_unseen_rows_as_well_as_its_best_member() -> None:
    trees, matrix, bad = applicants()
    folds = blend.inner_folds(bad, count=3, seed=1)

    found = BlendEstimator(trees.schema, BlendConfig(members=MEMBERS)).cross_fit(
        matrix, bad, None, folds
    )

    losses = []
    for config in MEMBERS:
        margins = estimator(trees.schema, config).cross_fit(matrix, bad, None, folds).margins
        losses.append(log_loss_at(fit_platt(margins, bad).log_odds_of(margins), bad, None))
    assert log_loss_at(found.margins, bad, None) <= min(losses)


def test_it_is_the_plain_mean_of_a_few_members_on_few_rows() -> None:
    trees, matrix, bad = applicants()
    few = dataclasses.replace(TREES, trees=20)
    config = BlendConfig(members=MEMBERS, few=(few,), few_rows=len(bad) + 1, seeds=3, folds=3)

    model = BlendEstimator(trees.schema, config).fit(matrix, bad).model_
    on_many = BlendEstimator(trees.schema, dataclasses.replace(config, few_rows=len(bad)))

    shares = [(one["trees"], one["weight"]) for one in model.facts()["members"]]
    assert shares == [(20, pytest.approx(1 / 3))] * 3
    assert len({one.model.to_body() for one in model.members}) == 3
    kinds = {one["kind"] for one in on_many.fit(matrix, bad).model_.facts()["members"]}
    assert "scorecard" in kinds
    assert config.to_dict()["few"][0]["trees"] == 20


def test_it_names_its_members_and_their_shares() -> None:
    trees, matrix, bad = applicants()
    config = BlendConfig(members=MEMBERS, folds=3)

    model = BlendEstimator(trees.schema, config).fit(matrix, bad).model_

    facts = model.facts()["members"]
    assert {one["kind"] for one in facts} <= {"scorecard", "lightgbm", "forest"}
    assert sum(one["weight"] for one in facts) == pytest.approx(1)
    assert all(one["weight"] > 0 for one in facts)
    assert json.loads(json.dumps(facts)) == facts


class _Constant(Linear):
    kind: ClassVar[str] = "constant"


class _NoModel:
    kind: ClassVar[str] = "nothing"

    def to_dict(self) -> dict[str, Any]:
        return {}


def test_it_leaves_out_a_member_without_a_word_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    trees, matrix, bad = applicants()
    _silence(monkeypatch)

    model = (
        BlendEstimator(trees.schema, BlendConfig(members=(_NoModel(), TREES), folds=3))
        .fit(matrix, bad)
        .model_
    )

    assert [one["kind"] for one in model.facts()["members"]] == ["lightgbm"]
    assert model.facts()["members"][0]["weight"] == 1


def test_it_refuses_where_no_member_has_a_word_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    trees, matrix, bad = applicants()
    _silence(monkeypatch)

    with pytest.raises(TrainingRefused, match="No member of the blend orders the outcomes"):
        BlendEstimator(trees.schema, BlendConfig(members=(_NoModel(),), folds=3)).fit(matrix, bad)


def _silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a family whose model gives everybody the same margin."""

    class Silent(Estimator):
        def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> Fitted:
            return _Constant(self.schema, weights=[0.0] * matrix.shape[1], means=[0.0])

    nothing = Family(
        _NoModel, Silent, lambda _body, schema: _Constant(schema, weights=[], means=[])
    )
    monkeypatch.setitem(families.FAMILIES, "nothing", nothing)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"members": ()}, "members"),
        ({"members": MEMBERS, "additions": 0}, "additions"),
        ({"members": MEMBERS, "folds": 1}, "folds"),
    ],
)
def test_it_refuses_a_blend_of_nothing(wrong: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        BlendConfig(**wrong)


def test_it_refuses_a_member_it_cannot_read() -> None:
    trees, matrix, bad = applicants()
    model = BlendEstimator(trees.schema, BlendConfig(members=(TREES,), folds=3)).fit(matrix, bad)
    parts = json.loads(model.model_.to_body())

    for change in (
        {"kind": "magic"},
        {"weight": 0.5},
        {"body": "tree"},
        {"line": {"intercept": 0.0, "slope": -1.0}},
    ):
        changed = {"members": [parts["members"][0] | change]}
        with pytest.raises(ValueError, match=r"magic|add up|trees|positive slope"):
            Blend.from_body(json.dumps(changed), trees.schema)


def test_it_draws_folds_with_the_same_mix() -> None:
    bad = np.r_[np.ones(30), np.zeros(270)]

    folds = blend.inner_folds(bad, count=3, seed=4)

    assert [int(bad[unseen].sum()) for _, unseen in folds] == [10, 10, 10]
    assert sorted(np.concatenate([unseen for _, unseen in folds]).tolist()) == list(range(300))
    again = blend.inner_folds(bad, count=3, seed=4)
    assert all((one[1] == other[1]).all() for one, other in zip(folds, again, strict=True))
