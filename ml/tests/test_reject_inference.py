"""The rejected have their say: by a stated assumption, in whole weights, nearer to the truth."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ml import reject_inference, through_the_door
from ml.portfolio import Policy, Portfolio
from ml.reject_inference import (
    Fuzzy,
    HardCutOff,
    Inferred,
    InverseAcceptance,
    Method,
    Parcelling,
    RejectInferenceRefused,
)
from ml.tests import portfolios

METHODS = (Parcelling(), Fuzzy(), HardCutOff(), InverseAcceptance())
AUGMENTING = (Parcelling, Fuzzy, HardCutOff)
Floats = np.ndarray[Any, np.dtype[np.float64]]


def fit(matrix: Floats, bad: Floats, weight: Floats) -> LogisticRegression:
    return LogisticRegression(solver="newton-cholesky").fit(matrix, bad, sample_weight=weight)


def score(model: LogisticRegression, matrix: Floats) -> Floats:
    found: Floats = model.predict_proba(matrix)[:, 1]
    return found


@dataclass(frozen=True, eq=False)
class Door:
    """A portfolio as a lender's analyst holds it, with the truth beside it."""

    matrix: Floats
    approved: np.ndarray[Any, np.dtype[np.bool_]]
    bad: Floats
    would: Floats

    @property
    def true_reject_rate(self) -> float:
        return float(self.would[~self.approved].mean())

    def infer(self, method: Method) -> Inferred:
        return reject_inference.infer(
            method,
            accepted_matrix=self.matrix[self.approved],
            accepted_bad=self.bad[self.approved],
            rejected_matrix=self.matrix[~self.approved],
            fit=fit,
            score=score,
        )


def door_of(made: Portfolio) -> Door:
    return Door(
        matrix=portfolios.standardised(made),
        approved=made.applications["approved"].to_numpy(dtype=bool),
        bad=made.applications["bad"].to_numpy(),
        would=made.truth["would_default"].to_numpy(dtype=float),
    )


# The officers sensed what no column shows, so outcomes are missing not at random.
SENSED = Policy(insight=0.8, knock_outs=False)
ROWS = 12_000


@pytest.fixture(scope="module")
def door() -> Door:
    return door_of(portfolios.made(ROWS, policy=SENSED))


@pytest.fixture(scope="module")
def learned() -> dict[type, float]:
    """Return the factors that a lender learns by once approving others regardless."""
    experiment = door_of(portfolios.made(ROWS, policy=SENSED, seed=12))
    return {
        kind: experiment.true_reject_rate
        / experiment.infer(kind()).diagnostics.inferred_reject_bad_rate
        for kind in AUGMENTING
    }


def test_it_underrates_the_rejected_without_inference(door: Door) -> None:
    found = door.infer(Fuzzy()).diagnostics

    assert found.accepted_bad_rate < found.predicted_reject_bad_rate
    assert found.predicted_reject_bad_rate < 0.85 * door.true_reject_rate


@pytest.mark.parametrize("kind", AUGMENTING)
def test_it_comes_nearer_to_the_truth_with_the_right_factor(
    door: Door, learned: dict[type, float], kind: type
) -> None:
    ignoring = door.infer(Fuzzy()).diagnostics.predicted_reject_bad_rate

    inferred = door.infer(kind(factor=learned[kind])).diagnostics

    off = abs(inferred.inferred_reject_bad_rate - door.true_reject_rate)
    assert off < 0.5 * abs(ignoring - door.true_reject_rate)
    assert inferred.inferred_reject_bad_rate == pytest.approx(
        inferred.ratio * inferred.accepted_bad_rate
    )


def rejected_at(door: Door, model: LogisticRegression) -> through_the_door.DoorGroup:
    seen = through_the_door.view(
        score(model, door.matrix), accepted=door.approved, bad=door.bad, truth=door.would
    )
    return seen.rejected


def test_it_trains_a_model_that_knows_the_whole_door(
    door: Door, learned: dict[type, float]
) -> None:
    known = door.approved
    alone = rejected_at(door, fit(door.matrix[known], door.bad[known], np.ones(known.sum())))

    training = door.infer(Parcelling(factor=learned[Parcelling]))

    taught = rejected_at(door, fit(training.matrix, training.bad, training.weight))
    assert alone.total.error < -0.04
    assert abs(taught.total.error) < 0.6 * abs(alone.total.error)
    assert taught.mean_absolute_error < 0.85 * alone.mean_absolute_error


def test_it_stays_humbler_at_the_top_than_the_hard_cut(
    door: Door, learned: dict[type, float]
) -> None:
    """The hard cut makes the score its own witness: the model grows far too sure of itself."""
    hard, fuzzy = (door.infer(kind(factor=learned[kind])) for kind in (HardCutOff, Fuzzy))

    def top_error(training: Inferred) -> float:
        model = fit(training.matrix, training.bad, training.weight)
        return float(rejected_at(door, model).bands[-1].error or 0)

    assert top_error(hard) > top_error(fuzzy) + 0.1


def test_it_is_worse_than_nothing_with_a_wrong_factor(door: Door) -> None:
    ignoring = door.infer(Fuzzy()).diagnostics.predicted_reject_bad_rate

    wild = door.infer(Parcelling(factor=5.0)).diagnostics

    assert wild.inferred_reject_bad_rate - door.true_reject_rate > door.true_reject_rate - ignoring
    assert wild.capped > 0


def test_it_needs_no_factor_where_the_columns_tell_all() -> None:
    fair = Policy(insight=0.0, knock_outs=False, noise=1.5)
    door = door_of(portfolios.made(8000, policy=fair))

    inferred = door.infer(InverseAcceptance()).diagnostics

    assert inferred.inferred_reject_bad_rate == pytest.approx(door.true_reject_rate, rel=0.12)
    assert inferred.accepted_bad_rate < 0.8 * door.true_reject_rate


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_it_weighs_every_application_once(door: Door, method: Method) -> None:
    training = door.infer(method)

    found = training.diagnostics
    assert training.weight.sum() == pytest.approx(ROWS, abs=1e-6)
    assert (training.weight > 0).all()
    assert found.accepted + found.rejected == ROWS
    assert found.method == type(method).__name__
    assert found.through_the_door_bad_rate == pytest.approx(
        (found.accepted * found.accepted_bad_rate + found.rejected * found.inferred_reject_bad_rate)
        / ROWS
    )
    assert 0 < found.effective_rows <= len(training.bad) + 1e-6
    assert set(training.bad) == {0.0, 1.0}
    assert len(training.matrix) == len(training.bad) == len(training.is_reject)


@pytest.mark.parametrize("kind", AUGMENTING)
def test_it_leaves_the_accepted_as_they_are(door: Door, kind: type) -> None:
    training = door.infer(kind(factor=1.3))

    known = ~training.is_reject
    np.testing.assert_array_equal(training.matrix[known], door.matrix[door.approved])
    np.testing.assert_array_equal(training.bad[known], door.bad[door.approved])
    assert (training.weight[known] == 1).all()
    assumed = training.is_reject
    rate = np.average(training.bad[assumed], weights=training.weight[assumed])
    assert rate == pytest.approx(training.diagnostics.inferred_reject_bad_rate)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (Parcelling(factor=1.5), ("1.5 times", "same score band", "by chance")),
        (Fuzzy(factor=2), ("2 times", "in part as bad")),
        (HardCutOff(), ("1 times", "exactly the riskiest")),
        (InverseAcceptance(least_chance=0.05), ("same features", "at least a 0.05 chance")),
    ],
)
def test_it_states_its_assumption(door: Door, method: Method, words: tuple[str, ...]) -> None:
    assumption = door.infer(method).assumption

    assert all(word in assumption for word in words)
    assert assumption.endswith(".")


# One column that is its own probability of default, so that every step can be done by hand.
ACCEPTED = np.repeat([0.1, 0.4], [100, 50])[:, None]
ACCEPTED_BAD = np.concatenate([np.arange(100) < 10, np.arange(50) < 20]).astype(float)
REJECTED = np.repeat([0.1, 0.4], [50, 100])[:, None]


def by_hand(method: Method, **changes: Any) -> Inferred:
    return reject_inference.infer(
        method,
        **{
            "accepted_matrix": ACCEPTED,
            "accepted_bad": ACCEPTED_BAD,
            "rejected_matrix": REJECTED,
            "fit": lambda matrix, bad, weight: None,
            "score": lambda model, matrix: matrix[:, 0],
            **changes,
        },
    )


def test_it_parcels_by_hand() -> None:
    training = by_hand(Parcelling(factor=1.5, bands=2))

    low, high = training.diagnostics.parcels
    assert (low.accepted, low.rejected, low.accepted_bad_rate) == (100, 50, 0.1)
    assert low.assumed_bad_rate == pytest.approx(0.15)
    assert low.inferred_bads in {7, 8}
    assert (high.accepted, high.rejected, high.accepted_bad_rate) == (50, 100, 0.4)
    assert high.assumed_bad_rate == pytest.approx(0.6)
    assert high.inferred_bads in {60, 61}
    assert (low.lowest_pd, low.highest_pd, high.lowest_pd) == (0.1, 0.1, 0.4)
    assumed = training.bad[training.is_reject]
    assert assumed.sum() == low.inferred_bads + high.inferred_bads


def test_it_parcels_by_the_model_where_too_few_were_accepted() -> None:
    training = by_hand(Parcelling(bands=2, fewest_accepted=60), accepted_bad=1 - ACCEPTED_BAD)

    low, high = training.diagnostics.parcels
    assert low.assumed_bad_rate == pytest.approx(0.9)
    assert high.assumed_bad_rate == pytest.approx(0.4)
    assert high.accepted_bad_rate == 0.6


def test_it_parcels_the_same_by_seed() -> None:
    first, again, other = (by_hand(Parcelling(seed=seed)) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first.matrix, again.matrix)
    np.testing.assert_array_equal(first.bad, again.bad)
    # Bads come first among the rejected; which rows they are depends on the seed.
    wide = np.arange(150.0)[:, None]
    drawn = [
        by_hand(
            Parcelling(seed=seed),
            rejected_matrix=wide,
            accepted_matrix=wide,
            score=lambda model, matrix: np.full(len(matrix), 0.2),
        )
        for seed in (1, 2)
    ]
    assert not np.array_equal(drawn[0].matrix, drawn[1].matrix)
    assert other.diagnostics.rejected == 150


def test_it_splits_a_rejected_one_by_hand() -> None:
    training = by_hand(Fuzzy(factor=2))

    assumed = training.is_reject
    weights = training.weight[assumed]
    as_bad = training.bad[assumed] == 1
    np.testing.assert_allclose(weights[as_bad], np.repeat([0.2, 0.8], [50, 100]))
    np.testing.assert_allclose(weights[~as_bad], np.repeat([0.8, 0.2], [50, 100]))
    assert training.diagnostics.inferred_reject_bad_rate == pytest.approx(0.6)
    assert training.diagnostics.ratio == pytest.approx(0.6 / 0.2)
    squares = 150 + 50 * (0.2**2 + 0.8**2) + 100 * (0.8**2 + 0.2**2)
    assert training.diagnostics.effective_rows == pytest.approx(300**2 / squares)


@pytest.mark.parametrize(
    "method", [Parcelling(bands=2), Fuzzy(factor=5), HardCutOff(), InverseAcceptance()]
)
def test_it_says_which_applicant_each_row_is(method: Method) -> None:
    training = by_hand(method)

    everybody = np.concatenate([ACCEPTED, REJECTED])
    np.testing.assert_array_equal(training.matrix, everybody[training.source])
    np.testing.assert_array_equal(training.is_reject, training.source >= len(ACCEPTED))


def test_it_never_splits_beyond_the_whole() -> None:
    training = by_hand(Fuzzy(factor=5))

    assert training.diagnostics.capped == 100
    assumed = training.is_reject & (training.matrix[:, 0] == 0.4)
    assert set(training.bad[assumed]) == {1.0}
    assert set(training.weight[assumed]) == {1.0}


def test_it_cuts_off_the_riskiest_by_hand() -> None:
    training = by_hand(HardCutOff(factor=1.2))

    assumed = training.is_reject
    assert training.bad[assumed].sum() == 54  # 1.2 x 0.3 x 150
    assert set(training.matrix[assumed & (training.bad == 1), 0]) == {0.4}
    assert training.diagnostics.inferred_reject_bad_rate == pytest.approx(54 / 150)
    everybody = by_hand(HardCutOff(factor=9))
    assert everybody.diagnostics.inferred_reject_bad_rate == 1
    assert everybody.diagnostics.capped == 150


def test_it_reweights_by_hand() -> None:
    chance = {0.1: 0.8, 0.4: 0.25}

    training = by_hand(
        InverseAcceptance(),
        score=lambda model, matrix: np.array([chance[value] for value in matrix[:, 0]]),
    )

    weights = np.repeat([1 / 0.8, 1 / 0.25], [100, 50])
    np.testing.assert_allclose(training.weight, weights * 300 / weights.sum())
    np.testing.assert_array_equal(training.matrix, ACCEPTED)
    assert not training.is_reject.any()
    expected = (10 * 0.25 + 20 * 3) / (100 * 0.25 + 50 * 3)
    assert training.diagnostics.inferred_reject_bad_rate == pytest.approx(expected)


def test_it_bounds_the_weight_of_the_unlikely() -> None:
    unlikely = {"score": lambda model, matrix: np.where(matrix[:, 0] > 0.2, 1e-9, 0.5)}

    training = by_hand(InverseAcceptance(least_chance=0.1), **unlikely)

    assert training.weight.max() / training.weight.min() == pytest.approx(5)


def test_it_scores_the_accepted_out_of_fold() -> None:
    """The model remembers what it has seen; only rows held out get an honest score."""
    wide = np.arange(150.0)[:, None]

    training = by_hand(
        Parcelling(bands=2),
        accepted_matrix=wide,
        rejected_matrix=wide + 1000,
        fit=lambda matrix, bad, weight: set(matrix[:, 0]),
        score=lambda model, matrix: np.array([0.9 * (v in model) for v in matrix[:, 0]]),
    )

    assert all(parcel.highest_pd == 0 for parcel in training.diagnostics.parcels)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rejected_matrix": np.empty((0, 1))}, "Nobody was rejected"),
        ({"rejected_matrix": np.ones((9, 2))}, "same columns"),
        ({"accepted_matrix": np.ones(150)}, "same columns"),
        ({"accepted_bad": ACCEPTED_BAD[:-1]}, "one outcome"),
        ({"accepted_bad": np.full(150, np.nan)}, "one outcome"),
        ({"accepted_bad": np.zeros(150)}, "a good, a bad and a rejected"),
        ({"rejected_matrix": REJECTED[:4]}, "150, 30|120, 30 and 4"),
        ({"score": lambda model, matrix: matrix}, "not one each"),
        ({"score": lambda model, matrix: matrix[:, 0] - 0.2}, "from 0 to 1"),
        ({"score": lambda model, matrix: matrix[:, 0] * np.nan}, "from 0 to 1"),
    ],
)
def test_it_refuses_what_nothing_can_be_inferred_from(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RejectInferenceRefused, match=sentence):
        by_hand(Parcelling(), **changes)


def test_it_refuses_weights_that_stand_for_nobody() -> None:
    with pytest.raises(RejectInferenceRefused, match="stands for others"):
        by_hand(InverseAcceptance(), score=lambda model, matrix: np.ones(len(matrix)))


@pytest.mark.parametrize("kind", AUGMENTING)
@pytest.mark.parametrize("factor", [0, -1, np.nan, np.inf])
def test_it_refuses_a_factor_that_is_none(kind: type, factor: float) -> None:
    with pytest.raises(RejectInferenceRefused, match="positive, finite"):
        kind(factor=factor)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (Parcelling, {"bands": 0}),
        (Parcelling, {"fewest_accepted": 0}),
        (Fuzzy, {"folds": 1}),
        (HardCutOff, {"seed": -1}),
        (InverseAcceptance, {"least_chance": 0}),
        (InverseAcceptance, {"least_chance": 1}),
    ],
)
def test_it_refuses_a_method_without_meaning(kind: type, arguments: dict[str, Any]) -> None:
    with pytest.raises(RejectInferenceRefused):
        kind(**arguments)
