"""The search for less discriminatory alternatives, on a disparity planted through a proxy."""

import json
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from ml import _disparity, alternatives
from ml._disparity import HeldOut
from ml.alternatives import Candidate, SearchConfig, SearchResult
from ml.boosting import BoostingConfig, BoostingEstimator
from ml.estimator import Estimator, Floats, TrainingRefused
from ml.fairness import FairnessConfig
from ml.schema import Feature, Schema

SCHEMA = Schema(
    "loans",
    1,
    (
        Feature("debt", "number", group="debt"),
        Feature("income", "number", group="income"),
        Feature("district", "number", group="place", sensitivity="proxy"),
        Feature("street", "number", group="place"),
    ),
)
CONFIG = SearchConfig(folds=3, budget=14, seed=5)


@dataclass(frozen=True)
class _Line:
    """A straight line in the features, as small as a model can be."""

    kind: ClassVar[str] = "line"
    schema: Schema
    slopes: Floats

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        return matrix @ self.slopes

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        return np.column_stack([matrix * self.slopes, np.zeros(len(matrix))])

    def to_body(self) -> str:
        return json.dumps(self.slopes.tolist())

    def facts(self) -> dict[str, Any]:
        return {}


class Straight(Estimator):
    """Logistic regression; `config` is its inverse penalty."""

    def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> _Line:
        model = LogisticRegression(C=self.config or 1.0).fit(matrix, bad, weight)
        return _Line(self.schema, model.coef_[0])


@dataclass(frozen=True)
class _World:
    matrix: Floats
    bad: Floats
    groups: np.ndarray


def _world(rows: int = 3000, *, seed: int = 1) -> _World:
    """Return loans where the district follows the group and hardly the risk.

    What little the district says about default is what the group's history left in the records.
    """
    rng = np.random.default_rng(seed)
    minority = rng.random(rows) < 0.35
    debt, income, street = rng.normal(0, 1, (3, rows))
    district = 2.0 * minority + rng.normal(0, 0.5, rows)
    risk = -1.2 + 1.2 * debt - 1.0 * income + 0.3 * minority
    bad = (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(float)
    matrix = np.column_stack([debt, income, district, street])
    return _World(matrix, bad, np.where(minority, "minority", "majority"))


WORLD = _world()
FIT = alternatives.of_estimator(Straight)


def _search(world: _World = WORLD, **changes: Any) -> SearchResult:
    given: dict[str, Any] = {"fit": FIT, "config": CONFIG, **changes}
    return alternatives.search(world.matrix, world.bad, world.groups, SCHEMA, **given)


@pytest.fixture(scope="module")
def found() -> SearchResult:
    return _search(
        variants={"penalised": alternatives.of_estimator(Straight, 0.001)},
        config=replace(CONFIG, approval_rates=(0.7, 0.4)),
    )


def test_it_finds_a_fairer_model_at_hardly_any_auc(found: SearchResult) -> None:
    best = found.best(largest_auc_loss=0.01)

    before, after = found.incumbent.at_rate(0.7), best.at_rate(0.7)
    assert before.worst_group == "minority"
    assert after.ratio > before.ratio + 0.05
    assert found.incumbent.auc - best.auc < 0.01
    assert best.auc_change == pytest.approx(best.auc - found.incumbent.auc)
    assert "district" in best.dropped or best.reweighing > 0


def test_it_keeps_its_promise_on_people_the_search_has_not_seen(found: SearchResult) -> None:
    unseen = _world(seed=77)

    again = {one.name: one for one in _search(unseen).candidates}

    assert again["without district"].at_rate(0.7).ratio > again["incumbent"].at_rate(0.7).ratio


def test_it_names_the_proxy_as_the_largest_part_of_the_disparity(found: SearchResult) -> None:
    first = found.contributions[0]

    by_name = {one.name: one for one in found.contributions}
    assert "district" in first.features
    assert first.ratio_gain > 0.05
    assert by_name["district"].auc_loss < by_name["debt"].auc_loss
    assert by_name["group place"].features == ("district", "street")
    assert "group debt" not in by_name


def test_it_tries_variants_weights_features_and_groups(found: SearchResult) -> None:
    names = [one.name for one in found.candidates]

    assert len(names) == len(set(names)) == 14
    assert names[:4] == ["incumbent", "penalised", "reweighed 0.5", "reweighed 1"]
    assert {"without district", "without district, street"} <= set(names)
    assert any("penalised + " in name for name in names)


def test_it_marks_one_incumbent_of_all_features(found: SearchResult) -> None:
    assert [one.is_incumbent for one in found.candidates] == [True] + [False] * 13
    assert found.incumbent.dropped == ()
    assert found.incumbent.auc_change is None


def test_it_approves_every_candidate_at_the_same_rates(found: SearchResult) -> None:
    for one in found.candidates:
        assert [at.approval_rate for at in one.at] == [0.7, 0.4]
        assert [at.reached for at in one.at] == pytest.approx([0.7, 0.4], abs=1e-3)


@pytest.mark.parametrize("rate", [0.7, 0.4])
def test_it_returns_only_what_nothing_beats_best_auc_first(
    found: SearchResult, rate: float
) -> None:
    frontier = found.frontier(rate)

    points = [(one.auc, one.at_rate(rate).ratio) for one in frontier]
    assert points == sorted(points, key=lambda point: -point[0])
    everything = [(one.auc, one.at_rate(rate).ratio) for one in found.candidates]
    for auc, ratio in points:
        assert not any(a >= auc and r >= ratio and (a, r) != (auc, ratio) for a, r in everything)
    for auc, ratio in everything:
        assert any(a >= auc and r >= ratio for a, r in points)


def test_it_is_the_same_for_the_same_seed_only(found: SearchResult) -> None:
    short = replace(CONFIG, budget=4)

    first, again = _search(config=short), _search(config=short)

    other = _search(config=replace(short, seed=6))
    assert first.to_dict() == again.to_dict()
    assert first.incumbent.auc != other.incumbent.auc


def test_it_stops_at_the_budget() -> None:
    fits = []

    def counted(*given: Any) -> Any:
        fits.append(1)
        return FIT(*given)

    result = _search(fit=counted, config=replace(CONFIG, budget=3))

    assert len(result.candidates) == 3
    assert len(fits) == 3 * CONFIG.folds


def test_it_never_shows_a_model_the_group_nor_rows_it_is_judged_on() -> None:
    seen: list[tuple[Schema, np.ndarray, np.ndarray | None]] = []

    def watched(schema: Schema, matrix: Floats, bad: Floats, weight: Floats | None) -> Any:
        seen.append((schema, matrix, weight))
        return FIT(schema, matrix, bad, weight)

    _search(fit=watched, config=replace(CONFIG, reweighing=()))

    rows = len(WORLD.bad)
    assert {len(matrix) for _, matrix, _ in seen} == {rows * 2 // 3}
    for schema, matrix, weight in seen:
        assert set(schema.names) <= set(SCHEMA.names)
        assert weight is None
        columns = [SCHEMA.names.index(name) for name in schema.names]
        assert np.isin(matrix, WORLD.matrix[:, columns]).all()


def test_it_learns_the_reweighed_with_weights_that_separate_group_and_outcome() -> None:
    given_weights: list[tuple[Floats, Floats | None]] = []

    def watched(schema: Schema, matrix: Floats, bad: Floats, weight: Floats | None) -> Any:
        given_weights.append((bad, weight))
        return FIT(schema, matrix, bad, weight)

    result = _search(fit=watched, config=replace(CONFIG, budget=3))

    assert [one.reweighing for one in result.candidates] == [0, 0.5, 1]
    full = given_weights[2 * CONFIG.folds :]
    assert all(weight is None for _, weight in given_weights[: CONFIG.folds])
    # Two groups by two outcomes make four weights; the outcomes keep their shares.
    assert all(len(np.unique(weight)) == 4 for _, weight in full)
    assert all(np.average(bad, weights=weight) == pytest.approx(bad.mean()) for bad, weight in full)


def test_it_records_a_candidate_that_cannot_be_fitted_and_goes_on() -> None:
    def never(*given: Any) -> Any:
        raise TrainingRefused("Too few trees.")

    result = _search(variants={"broken": never}, config=replace(CONFIG, budget=4))

    broken = result.candidates[1]
    assert (broken.name, broken.refusal, broken.auc) == ("broken", "Too few trees.", None)
    assert result.candidates[2].refusal is None
    assert broken not in result.frontier()


def test_it_refuses_scores_that_are_no_numbers() -> None:
    def blank(*given: Any) -> Any:
        return lambda matrix: np.full(len(matrix), np.nan)

    with pytest.raises(ValueError, match="no finite score"):
        _search(fit=blank)


def test_it_compares_only_those_near_the_approval_rate() -> None:
    def coarse(*given: Any) -> Any:
        return lambda matrix: (matrix[:, 0] > 0).astype(float)

    result = _search(variants={"coarse": coarse}, config=replace(CONFIG, budget=2))

    one = result.candidates[1]
    assert one.at_rate(0.7).reached == pytest.approx(0.5, abs=0.03)
    assert one not in result.frontier()


def test_it_stays_with_the_incumbent_if_nothing_is_fairer() -> None:
    result = _search(config=replace(CONFIG, budget=1))

    assert result.best() is result.incumbent
    assert result.frontier() == (result.incumbent,)


def test_it_leaves_groups_too_small_to_judge_out_of_the_ratio() -> None:
    groups = WORLD.groups.astype(object)
    groups[:20] = "tiny"

    result = _search(_World(WORLD.matrix, WORLD.bad, groups), config=replace(CONFIG, budget=1))

    assert result.incumbent.at_rate(0.7).worst_group == "minority"


def test_it_writes_the_search_as_json(found: SearchResult) -> None:
    written = json.loads(json.dumps(found.to_dict()))

    assert written["frontiers"]["0.7"] == [one.name for one in found.frontier(0.7)]
    assert len(written["candidates"]) == 14


def test_it_refuses_a_feature_that_is_the_group_under_another_name() -> None:
    copied = WORLD.matrix.copy()
    copied[:, 3] = np.where(WORLD.groups == "minority", 7.0, 3.0)

    with pytest.raises(ValueError, match="street is the protected attribute itself"):
        _search(_World(copied, WORLD.bad, WORLD.groups))


def test_it_refuses_a_feature_declared_as_protected() -> None:
    schema = Schema("s", 1, (Feature("gender", "number", group="g", sensitivity="protected"),))

    with pytest.raises(ValueError, match="gender is the protected attribute itself"):
        alternatives.search(WORLD.matrix[:, :1], WORLD.bad, WORLD.groups, schema, fit=FIT)


def test_it_refuses_a_sample_without_two_groups() -> None:
    groups = np.array(["a"] * 2990 + ["b"] * 10)

    with pytest.raises(ValueError, match=r"two groups .* there are 2990 of a, 10 of b"):
        _search(_World(WORLD.matrix, WORLD.bad, groups))


def test_it_refuses_lists_of_different_lengths_and_a_taken_name() -> None:
    with pytest.raises(ValueError, match="equally many"):
        _search(_World(WORLD.matrix, WORLD.bad, WORLD.groups[:-1]))
    with pytest.raises(ValueError, match="another name"):
        _search(variants={"incumbent": FIT})


@pytest.mark.parametrize(
    "wrong",
    [
        {"approval_rates": ()},
        {"approval_rates": (1.0,)},
        {"folds": 1},
        {"folds": 21},
        {"budget": 0},
        {"reweighing": (0.0,)},
    ],
)
def test_it_refuses_a_search_that_cannot_begin(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"approval rates|folds|reweighing"):
        SearchConfig(**wrong)


def test_it_weights_rows_until_outcome_and_group_are_independent() -> None:
    groups = np.array(["a"] * 6 + ["b"] * 4, dtype=object)
    bad = np.array([1, 1, 1, 0, 0, 0, 1, 0, 0, 0], dtype=float)

    weights = alternatives.reweighed(bad, groups)

    # P(a) P(bad) / P(a, bad) = 0.6 x 0.4 / 0.3 and so on.
    assert weights == pytest.approx([0.8] * 3 + [1.2] * 3 + [1.6] + [0.8] * 3)
    rates = [
        np.average(bad[groups == name], weights=weights[groups == name]) for name in ("a", "b")
    ]
    assert rates == pytest.approx([0.4, 0.4])
    half = alternatives.reweighed(bad, groups, strength=0.5)
    assert half == pytest.approx((1 + weights) / 2)


@settings(max_examples=50)
@given(
    scores=st.lists(st.integers(0, 9), min_size=1, max_size=40),
    share=st.floats(0.05, 0.95),
)
def test_it_approves_equal_scores_together_and_lower_ones_first(
    scores: list[int], share: float
) -> None:
    given_scores = np.array(scores, dtype=float)

    chosen = _disparity.lowest(given_scores, share)

    if chosen.any() and not chosen.all():
        assert given_scores[chosen].max() < given_scores[~chosen].min()
    reachable = [(given_scores <= cut).mean() for cut in (-1.0, *np.unique(given_scores))]
    assert abs(chosen.mean() - share) == pytest.approx(min(abs(rate - share) for rate in reachable))


def test_it_measures_the_worst_group_by_hand() -> None:
    groups = np.array(["a"] * 40 + ["b"] * 40 + ["c"] * 40, dtype=object)
    scores = np.concatenate([np.zeros(30), np.ones(10), np.zeros(20), np.ones(20), np.zeros(10)])
    scores = np.concatenate([scores, np.ones(30)])
    fold = HeldOut(np.arange(120), scores)

    found = _disparity.at_rate(
        [fold], 1 - scores, groups, approval_rate=0.5, config=FairnessConfig()
    )

    assert (found.worst_group, found.reference) == ("c", "a")
    assert found.ratio == pytest.approx((10 / 40) / (30 / 40))
    assert found.significant is True
    assert (found.reached, found.bad_rate) == (0.5, 1.0)


def test_it_keeps_the_incumbent_among_equals_on_the_frontier() -> None:
    at = _disparity.AtRate(0.7, 0.7, 0.9, None, None, "b", "a", 0.1)
    same = [Candidate(name, name, (), 0.0, auc=0.8, at=(at,)) for name in ("incumbent", "twin")]

    result = SearchResult(tuple(same), (), SearchConfig())

    assert [one.name for one in result.frontier()] == ["incumbent"]


def test_it_fits_what_a_configuration_asks_for() -> None:
    small = BoostingConfig(trees=5, learning_rate=0.2)
    row = WORLD.matrix[:50]

    fits = alternatives.of_config(small), alternatives.of_estimator(BoostingEstimator, small)
    scores = [fit(SCHEMA, WORLD.matrix, WORLD.bad, None)(row) for fit in fits]

    np.testing.assert_array_equal(scores[0], scores[1])
    assert len(set(scores[0])) > 1
