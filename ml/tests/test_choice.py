"""One model of several: the one that predicts unseen rows best, and it alone is kept."""

import dataclasses
from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from ml import canonical, families, presets
from ml.blend import inner_folds
from ml.boosting import BoostingConfig, Trees
from ml.calibration import fit_platt
from ml.choice import ChoiceConfig, ChoiceEstimator
from ml.estimator import Estimator, Fitted, TrainingRefused, log_loss_at
from ml.families import Config, Family
from ml.scorecard import Scorecard, ScorecardConfig
from ml.tests.explained_models import ABC, linear

Floats = npt.NDArray[np.float64]

STUMPS = BoostingConfig(trees=40, num_leaves=2, learning_rate=0.2, feature_fraction=1.0)
DEEPER = dataclasses.replace(STUMPS, num_leaves=4)


@cache
def crossed() -> tuple[Floats, Floats]:
    """Return people whose third number adds risk, and the first two where just one is high."""
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(2000, 3))
    risky = (matrix[:, 0] > 0) != (matrix[:, 1] > 0)
    log_odds = 2 * risky + 0.8 * matrix[:, 2] - 2
    return matrix, (rng.random(2000) < 1 / (1 + np.exp(-log_odds))).astype(float)


@cache
def summed() -> tuple[Floats, Floats]:
    """Return people whose log-odds are a sum of three numbers."""
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(800, 3))
    log_odds = matrix.sum(axis=1) - 1
    return matrix, (rng.random(800) < 1 / (1 + np.exp(-log_odds))).astype(float)


def chosen(candidates: tuple[Config, ...], data: tuple[Floats, Floats]) -> Fitted:
    config = ChoiceConfig(candidates=candidates, folds=3)
    found: Fitted = ChoiceEstimator(ABC, config).fit(*data).model_
    return found


@pytest.mark.parametrize("candidates", [(STUMPS, DEEPER), (DEEPER, STUMPS)])
def test_it_takes_the_size_that_the_data_ask_for(candidates: tuple[Config, ...]) -> None:
    assert chosen(candidates, crossed()).facts() == {"trees": 40, "leaves": 4}


def test_it_takes_the_family_that_the_data_ask_for() -> None:
    candidates = (ScorecardConfig(), dataclasses.replace(STUMPS, trees=5))

    assert isinstance(chosen(candidates, summed()), Scorecard)
    assert isinstance(chosen((ScorecardConfig(min_iv=0), DEEPER), crossed()), Trees)


def test_it_keeps_the_winner_alone() -> None:
    matrix, bad = crossed()

    model = chosen((STUMPS, DEEPER), crossed())

    alone = families.estimator(ABC, DEEPER).fit(matrix, bad).model_
    assert model.kind == "lightgbm"
    assert model.to_body() == alone.to_body()


def test_it_gives_the_winners_margins_of_unseen_rows() -> None:
    matrix, bad = crossed()
    folds = inner_folds(bad, count=3, seed=1)
    config = ChoiceConfig(candidates=(STUMPS, DEEPER))

    found = ChoiceEstimator(ABC, config).cross_fit(matrix, bad, None, folds)

    losses = {}
    for one in (STUMPS, DEEPER):
        margins = families.estimator(ABC, one).cross_fit(matrix, bad, None, folds).margins
        losses[one] = log_loss_at(fit_platt(margins, bad).log_odds_of(margins), bad, None)
        assert (one is DEEPER) == (margins.tolist() == found.margins.tolist())
    assert losses[DEEPER] < losses[STUMPS]


class _Nothing:
    kind: ClassVar[str] = "nothing"

    def to_dict(self) -> dict[str, Any]:
        return {}


class _Silent(Estimator):
    def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> Fitted:
        return linear([0.0, 0.0, 0.0])


def test_it_passes_over_a_candidate_without_order(monkeypatch: pytest.MonkeyPatch) -> None:
    family = Family(_Nothing, _Silent, lambda _body, _schema: linear([0.0, 0.0, 0.0]))
    monkeypatch.setitem(families.FAMILIES, "nothing", family)

    assert chosen((_Nothing(), DEEPER), crossed()).kind == "lightgbm"
    with pytest.raises(TrainingRefused, match="No candidate orders the outcomes"):
        chosen((_Nothing(),), crossed())


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"candidates": ()}, "candidates"), ({"candidates": (STUMPS,), "folds": 1}, "folds")],
)
def test_it_refuses_a_choice_among_nothing(wrong: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        ChoiceConfig(**wrong)


def test_it_compares_nothing_on_few_rows() -> None:
    config = ChoiceConfig(candidates=(ScorecardConfig(), STUMPS), for_few=DEEPER, few_rows=801)

    few = ChoiceEstimator(ABC, config).fit(*summed()).model_
    many = ChoiceEstimator(ABC, dataclasses.replace(config, few_rows=800)).fit(*summed()).model_

    assert few.facts() == {"trees": 40, "leaves": 4}
    assert isinstance(many, Scorecard)
    assert config.to_dict()["for_few"]["num_leaves"] == 4


def test_it_writes_its_candidates_with_their_kinds() -> None:
    written = ChoiceConfig(candidates=(STUMPS, ScorecardConfig())).to_dict()

    assert [one["kind"] for one in written["candidates"]] == ["lightgbm", "scorecard"]
    assert written["candidates"][0]["num_leaves"] == 2
    assert canonical.canonical_bytes(written)


def test_it_offers_one_explainable_champion_in_the_declared_directions() -> None:
    assert presets.CHAMPION.kind == "choice"
    for one in (*presets.CHAMPION.candidates, presets.CHAMPION.for_few):
        assert isinstance(one, BoostingConfig)
        assert one.monotone
        assert one.bad_weight == 1


@pytest.mark.parametrize(("installed", "more"), [(True, ["xgboost", "catboost"]), (False, [])])
def test_it_blends_what_is_installed(
    monkeypatch: pytest.MonkeyPatch, installed: bool, more: list[str]
) -> None:
    monkeypatch.setattr(presets, "find_spec", lambda _name: object() if installed else None)

    kinds = [one.kind for one in presets.record(seed=5).members]

    assert kinds[0] == "scorecard"
    assert [kind for kind in kinds if kind not in ("scorecard", "lightgbm")] == more
    assert [one.kind for one in presets.record(seed=5).few] == [
        "lightgbm",
        *(more or ["lightgbm", "scorecard"]),
    ]
    assert presets.record(seed=5).seed == 5
    assert canonical.canonical_bytes(presets.record().to_dict())
