"""How far a probability can be believed: a line, and a curve only where it is better for sure."""

import json
import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from ml import calibrating, calibration
from ml.calibration import Beta, Calibration, Isotonic, NoSignal, Platt
from ml.estimator import log_loss_at

Floats = npt.NDArray[np.float64]
Method = Literal["auto", "platt", "beta", "isotonic"]

LINE = Platt(intercept=0.0, slope=1.0)
BETA = Beta(a=0.4, b=1.6, c=-0.3)
STEPS = Isotonic(at=(-3.0, -1.0, 0.5), becomes=(-4.0, -1.5, -1.5))


def drawn(log_odds: Floats, seed: int = 1) -> Floats:
    """Return outcomes of people with the given log-odds of bad."""
    chance = np.random.default_rng(seed).random(len(log_odds))
    return (chance < calibration.probability(log_odds)).astype(float)


def margins(rows: int, seed: int = 2) -> Floats:
    return np.random.default_rng(seed).normal(-1.5, 1.5, rows)


def by_beta(given_margins: Floats) -> Floats:
    return Beta(a=0.15, b=4.0, c=-1.0)(given_margins)


def by_steps(given_margins: Floats) -> Floats:
    return np.where(given_margins < -1.5, -4.0, np.where(given_margins < 0.5, -1.0, 1.5))


def test_it_keeps_the_line_where_the_line_is_true() -> None:
    given_margins = margins(6000)

    found = calibrating.choose(given_margins, drawn(0.3 + 0.8 * given_margins))

    assert found.calibration.method == "platt"
    assert found.calibration.curve is None
    assert found.reason == "no curve is better than the line beyond chance"
    assert set(found.log_loss) == {"platt", "beta", "isotonic"}
    assert found.calibration.line.slope == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize(
    ("distort", "methods"), [(by_beta, ("beta", "isotonic")), (by_steps, ("isotonic",))]
)
def test_it_bends_where_the_truth_is_bent(distort: Any, methods: tuple[str, ...]) -> None:
    given_margins = margins(6000)
    truth = distort(given_margins)
    bad = drawn(truth)

    found = calibrating.choose(given_margins, bad)

    assert found.calibration.method in methods
    assert found.reason == f"{found.calibration.method} is better beyond chance"
    assert min(found.log_loss, key=lambda name: found.log_loss[name]) == found.calibration.method
    new_margins = margins(6000, seed=3)
    new_bad = drawn(distort(new_margins), seed=4)
    bent = found.calibration.finals(found.calibration.line.log_odds_of(new_margins))
    straight = found.calibration.line.log_odds_of(new_margins)
    assert log_loss_at(bent, new_bad, None) < log_loss_at(straight, new_bad, None) - 0.005
    risk = found.calibration.probability_of(new_margins)
    assert np.abs(risk - calibration.probability(distort(new_margins))).mean() < 0.03


@pytest.mark.parametrize(("rows", "method"), [(999, "platt"), (1000, "isotonic")])
def test_it_draws_no_curve_through_fewer_than_a_thousand_rows(rows: int, method: str) -> None:
    """The riskiest half is bad and so are the very safest: as bent as can be."""
    given_margins = np.linspace(-3, 3, rows)
    bad = drawn(np.where(given_margins < -2, -1.0, np.where(given_margins < 0, -2.0, 3.0)))

    found = calibrating.choose(given_margins, bad)

    assert found.calibration.method == method
    assert (found.reason == "too few rows for a curve") == (rows < 1000)
    assert (found.log_loss == {}) == (rows < 1000)


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic"])
def test_it_takes_the_method_it_is_told(method: Method) -> None:
    given_margins = margins(800)

    found = calibrating.choose(given_margins, drawn(given_margins), method=method)

    assert found.calibration.method == method
    assert found.reason == f"{method} was asked for"


def test_it_refuses_a_method_nobody_knows() -> None:
    given_margins = margins(800)

    with pytest.raises(ValueError, match="'guess' is unknown"):
        calibrating.choose(given_margins, drawn(given_margins), method="guess")  # type: ignore[arg-type]


def test_it_keeps_the_mean_risk_whatever_the_method() -> None:
    given_margins = margins(4000)
    bad = drawn(by_beta(given_margins))

    for method in calibrating.METHODS:
        found = calibrating.choose(given_margins, bad, method=method).calibration
        assert found.probability_of(given_margins).mean() == pytest.approx(bad.mean(), abs=0.005)


def test_it_takes_the_line_where_a_curve_cannot_be_drawn() -> None:
    """A margin of two values leaves one level of an isotonic fit in some folds: no curve."""
    given_margins = np.where(np.arange(1200) < 30, 2.0, 0.0)
    bad = np.tile([1.0, 0.0, 0.0, 0.0], 300)
    bad[:30] = np.tile([1.0, 0.0], 15)

    found = calibrating.choose(given_margins, bad)

    assert found.calibration.curve is None
    assert "isotonic" not in found.log_loss


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 30))
def test_it_finds_a_line_wherever_there_is_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    given_margins = rng.normal(0, 1, 1000)
    bad = drawn(0.25 * given_margins - 1.5, seed)
    try:
        line = calibration.fit_platt(given_margins, bad)
    except NoSignal:
        return

    found = calibrating.choose(given_margins, bad, seed=seed)

    assert found.calibration.line == line


@pytest.mark.parametrize("seed", range(4))
def test_few_bads_far_out_have_a_line_too(seed: int) -> None:
    """Whole steps of Newton's method leap over it, to where no number stands."""
    rng = np.random.default_rng(seed)
    given_margins = np.concatenate([rng.normal(-9, 0.4, 20_000), rng.normal(2, 3, 120)])
    bad = np.zeros(len(given_margins))
    bad[-80:] = 1
    bad[:20] = 1
    weight = np.where(bad == 1, 1.0, 10.0)
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    oracle.fit(given_margins[:, None], bad, sample_weight=weight)

    line = calibration.fit_platt(given_margins, bad, weight)

    assert line.slope == pytest.approx(float(oracle.coef_[0, 0]), abs=1e-3)
    assert line.intercept == pytest.approx(float(oracle.intercept_[0]), abs=1e-3)


@pytest.mark.parametrize("scale", [0.01, 1.0, 70.0])
def test_it_lays_the_line_of_greatest_likelihood(scale: float) -> None:
    given_margins = margins(3000)
    bad = drawn(0.5 + 0.7 * given_margins)
    weight = np.random.default_rng(3).uniform(0.2, 3, 3000)
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    oracle.fit(given_margins[:, None], bad, sample_weight=weight)

    line = calibration.fit_platt(scale * given_margins, bad, weight)

    assert line.slope * scale == pytest.approx(float(oracle.coef_[0, 0]), abs=1e-4)
    assert line.intercept == pytest.approx(float(oracle.intercept_[0]), abs=1e-4)


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic"])
def test_it_counts_a_row_as_often_as_its_weight_says(method: Method) -> None:
    given_margins = margins(1500)
    bad = drawn(by_beta(given_margins))
    times = np.random.default_rng(4).integers(1, 4, 1500)

    weighed = calibrating.choose(given_margins, bad, weight=times.astype(float), method=method)
    repeated = calibrating.choose(
        np.repeat(given_margins, times), np.repeat(bad, times), method=method
    )

    asked = np.linspace(-4, 2, 50)
    # An isotonic knot asks for 50 rows, which repeating changes; the level hardly does.
    assert weighed.calibration.probability_of(asked) == pytest.approx(
        repeated.calibration.probability_of(asked), abs=0.03 if method == "isotonic" else 1e-4
    )
    found = weighed.calibration.probability_of(given_margins)
    assert np.average(found, weights=times) == pytest.approx(
        np.average(bad, weights=times), abs=0.01
    )


def test_it_does_not_mind_the_unit_of_the_weights() -> None:
    given_margins = margins(1500)
    bad = drawn(by_steps(given_margins))
    weight = np.random.default_rng(4).uniform(0.5, 2, 1500)

    one, other = (
        calibrating.choose(given_margins, bad, weight=unit * weight).calibration
        for unit in (1.0, 1e-3)
    )

    asked = np.linspace(-4, 2, 50)
    assert one.method == other.method
    assert one.probability_of(asked) == pytest.approx(other.probability_of(asked), abs=1e-9)


def test_it_bends_as_the_paper_says() -> None:
    """C + a ln p - b ln(1 - p) at p = 0.2 (Kull, Silva Filho and Flach 2017)."""
    found = BETA(np.array([math.log(0.2 / 0.8)]))

    assert found[0] == pytest.approx(-0.3 + 0.4 * math.log(0.2) - 1.6 * math.log(0.8))
    same = Beta(a=1.0, b=1.0, c=0.0)(np.array([-3.0, 0.0, 2.0]))
    assert same == pytest.approx([-3.0, 0.0, 2.0])


def test_it_finds_the_beta_curve_that_made_the_outcomes() -> None:
    log_odds = margins(100_000)

    found = calibrating.choose(log_odds, drawn(BETA(log_odds)), method="beta").calibration

    asked = np.linspace(-5, 2, 20)
    expected = calibration.probability(BETA(asked))
    assert found.probability_of(asked) == pytest.approx(expected, abs=0.02)


def test_it_draws_straight_pieces_level_at_both_ends() -> None:
    found = STEPS(np.array([-9.0, -3.0, -2.0, -1.0, 0.0, 0.5, 9.0]))

    assert found.tolist() == [-4.0, -4.0, -2.75, -1.5, -1.5, -1.5, -1.5]


def test_it_promises_neither_none_nor_all() -> None:
    """Everybody below zero is good and most above are bad; a level still keeps a doubt."""
    given_margins = np.linspace(-3, 3, 2000)
    bad = ((given_margins > 0) & (np.arange(2000) % 10 > 0)).astype(float)

    found = calibrating.choose(given_margins, bad, method="isotonic").calibration

    risk = found.probability_of(given_margins)
    assert 0 < risk.min() < 0.002
    assert 0.85 < risk.max() < 0.95


@pytest.mark.parametrize("curve", [None, BETA, STEPS])
@settings(deadline=None)
@given(
    near=st.floats(-30, 30), step=st.floats(0, 20), others=st.lists(st.floats(-30, 30), max_size=8)
)
def test_it_never_turns_the_order_round_and_needs_no_company(
    curve: Beta | Isotonic | None, near: float, step: float, others: list[float]
) -> None:
    found = Calibration(LINE, curve)

    many = found.finals(np.array([near, near + step, *others]))

    assert many[0] <= many[1] + 1e-12
    assert [found.final(one) for one in (near, near + step, *others)] == many.tolist()
    assert np.isfinite(many).all()


@pytest.mark.parametrize("curve", [None, BETA, STEPS])
def test_it_comes_back_as_it_went(curve: Beta | Isotonic | None) -> None:
    before = Calibration(Platt(intercept=-0.25, slope=1.5), curve)

    again = Calibration.from_dict(json.loads(json.dumps(before.to_dict())))

    assert again == before
    assert again.method == before.to_dict()["method"]


def test_it_writes_a_plain_line_as_it_always_did() -> None:
    assert Calibration(LINE).to_dict() == {"method": "platt", "intercept": 0.0, "slope": 1.0}


@pytest.mark.parametrize(
    "change",
    [
        {"slope": 0.0},
        {"slope": -1.0},
        {"slope": math.nan},
        {"intercept": math.inf},
        {"curve": {"method": "magic"}},
        {"curve": {"method": "beta", "a": -1.0, "b": 1.0, "c": 0.0}},
        {"curve": {"method": "beta", "a": 0.0, "b": 0.0, "c": 0.0}},
        {"curve": {"method": "beta", "a": 1.0, "b": 1.0, "c": math.nan}},
        {"curve": {"method": "isotonic", "at": [1.0], "becomes": [1.0]}},
        {"curve": {"method": "isotonic", "at": [1.0, 2.0], "becomes": [1.0]}},
        {"curve": {"method": "isotonic", "at": [2.0, 1.0], "becomes": [1.0, 2.0]}},
        {"curve": {"method": "isotonic", "at": [1.0, 1.0], "becomes": [1.0, 2.0]}},
        {"curve": {"method": "isotonic", "at": [1.0, 2.0], "becomes": [2.0, 1.0]}},
        {"curve": {"method": "isotonic", "at": [1.0, math.inf], "becomes": [1.0, 2.0]}},
    ],
)
def test_it_refuses_a_map_that_does_not_increase(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"positive slope|increasing|unknown|knots"):
        Calibration.from_dict(LINE.to_dict() | change)


@pytest.mark.parametrize(
    "change",
    [
        {"curve": {"method": "beta", "a": 1.0, "b": 1.0}},
        {"curve": {"method": "beta", "a": 1.0, "b": 1.0, "c": 0.0, "d": 1.0}},
        {"curve": {"a": 1.0}},
        {"curve": {"method": "isotonic", "at": [1.0, 2.0]}},
        {"curve": None},
        {"slope": "1"},
    ],
)
def test_it_refuses_what_is_no_calibration(change: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Calibration.from_dict(LINE.to_dict() | change)


def test_it_refuses_margins_that_order_nothing() -> None:
    bad = np.tile([1.0, 0.0], 600)

    with pytest.raises(NoSignal, match="same margin"):
        calibrating.choose(np.zeros(1200), bad)
    with pytest.raises(NoSignal, match="positive slope"):
        calibrating.choose(-bad + margins(1200) * 0.5, bad)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_it_fits_the_same_line_whatever_the_size_of_the_margin(size: float) -> None:
    rng = np.random.default_rng(8)
    log_odds = rng.normal(-2, 1, 20_000)
    bad = (rng.random(20_000) < calibration.probability(log_odds)).astype(float)

    line = calibration.fit_platt(log_odds * size + 7 * size, bad)
    plain = calibration.fit_platt(log_odds, bad)

    assert line.slope * size == pytest.approx(plain.slope, rel=1e-9)
    assert line.intercept + 7 * size * line.slope == pytest.approx(plain.intercept, rel=1e-9)
