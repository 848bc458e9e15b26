"""Whether probabilities come true, against the rule book 9.6 to 9.8 and against scikit-learn."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats
from sklearn.linear_model import LogisticRegression

from ml import calibration_tests, metrics

Floats = npt.NDArray[np.float64]

PDS = [0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8]
OUTCOMES = [0, 0, 0, 1, 0, 0, 1, 0, 1, 1]
SIZES, RATES = [200] * 5, [0.01, 0.02, 0.04, 0.08, 0.15]
NAN = float("nan")

samples = st.lists(
    st.tuples(st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.9]), st.integers(0, 1)),
    min_size=2,
    max_size=60,
)


def _groups(bads: list[int]) -> tuple[Floats, Floats]:
    pd = np.repeat(RATES, SIZES)
    bad = np.concatenate([np.repeat([1.0, 0.0], [b, 200 - b]) for b in bads])
    return pd, bad


def _distorted(*, shift: float, slope: float, seed: int = 1) -> tuple[Floats, Floats]:
    """Return PDs whose true log-odds are shift + slope x their own, and outcomes."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-2, 1, size=20_000)
    bad = rng.random(20_000) < special.expit(shift + slope * log_odds)
    return special.expit(log_odds), bad.astype(float)


@pytest.mark.parametrize(
    ("bads", "chi2", "p_development", "p_independent"),
    [
        pytest.param([3, 3, 10, 19, 33], 2.2453401, 0.52307308, 0.8142605, id="9.7-T1"),
        pytest.param(
            [6, 9, 16, 24, 45], 35.96304793, 7.62430395466e-08, 9.66113744198e-07, id="9.7-T2"
        ),
    ],
)
def test_it_tests_calibration_from_raw_people(
    bads: list[int], chi2: float, p_development: float, p_independent: float
) -> None:
    pd, bad = _groups(bads)

    developed = calibration_tests.hosmer_lemeshow(pd, bad, independent=False, bands=5)
    independent = calibration_tests.hosmer_lemeshow(pd, bad, independent=True, bands=5)

    assert developed.chi2 == pytest.approx(chi2, abs=1e-8)
    assert developed.p_value == pytest.approx(p_development, rel=1e-7)
    assert independent.p_value == pytest.approx(p_independent, rel=1e-7)


def test_it_has_no_hosmer_lemeshow_test_of_too_few_bands_or_of_certainty() -> None:
    two_bands = [0.1] * 5 + [0.2] * 5
    certain = [0.0] * 5 + [0.2] * 5 + [0.5] * 5

    assert calibration_tests.hosmer_lemeshow(two_bands, [0] * 10, independent=False) is None
    assert calibration_tests.hosmer_lemeshow(two_bands, [0] * 10, independent=True) is not None
    assert calibration_tests.hosmer_lemeshow(certain, [0] * 15, independent=True) is None


def test_it_draws_the_curve_with_limits_of_the_true_rate() -> None:
    points = calibration_tests.curve(*_groups([0, 3, 10, 19, 200]), bands=5)

    assert [point.band.bads for point in points] == [0, 3, 10, 19, 200]
    middle = stats.beta(3.5, 197.5)
    assert points[1].lower == pytest.approx(middle.ppf(0.025))
    assert points[1].upper == pytest.approx(middle.ppf(0.975))
    assert (points[0].lower, points[-1].upper) == (0.0, 1.0)
    assert points[0].upper == pytest.approx(stats.beta(0.5, 200.5).ppf(0.975))


@pytest.mark.parametrize("level", [0, 1, NAN])
def test_it_refuses_a_level_that_is_none(level: float) -> None:
    with pytest.raises(ValueError, match="level of an interval"):
        calibration_tests.curve(PDS, OUTCOMES, level=level)


def test_it_splits_the_brier_score_9_6_t1() -> None:
    found = calibration_tests.brier_parts(PDS, OUTCOMES, bands=None)

    assert found.brier == pytest.approx(0.17318, abs=1e-12)
    assert found.uncertainty == pytest.approx(0.24, abs=1e-12)
    assert found.resolution == pytest.approx(0.24, abs=1e-12)
    assert found.reliability == pytest.approx(0.17318, abs=1e-12)
    assert found.within_bands == pytest.approx(0, abs=1e-12)


def test_it_splits_the_brier_score_over_two_bands_worked_by_hand() -> None:
    found = calibration_tests.brier_parts(PDS, OUTCOMES, bands=2)

    # Promised .08 and .46, observed .2 and .6, overall .4.
    assert found.reliability == pytest.approx((0.12**2 + 0.14**2) / 2)
    assert found.resolution == pytest.approx(0.04)
    parts = found.reliability - found.resolution + found.uncertainty + found.within_bands
    assert parts == pytest.approx(found.brier)


@given(sample=samples)
def test_it_splits_exactly_where_everybody_of_a_band_is_alike(
    sample: list[tuple[float, int]],
) -> None:
    pd, bad = [p for p, _ in sample], [y for _, y in sample]

    found = calibration_tests.brier_parts(pd, bad, bands=None)

    assert found.within_bands == pytest.approx(0, abs=1e-12)
    assert found.resolution <= found.uncertainty + 1e-12


@pytest.mark.parametrize(("shift", "slope"), [(0, 1), (0.5, 1), (-0.3, 0.7), (0.2, 1.4)])
def test_it_recovers_the_line_that_distorted_the_probabilities(shift: float, slope: float) -> None:
    found = calibration_tests.calibration_line(*_distorted(shift=shift, slope=slope))

    assert abs(found.intercept - shift) < 3.5 * found.intercept_error
    assert abs(found.slope - slope) < 3.5 * found.slope_error
    assert 0.01 < found.slope_error < 0.05


def test_it_agrees_with_scikit_learns_logistic_regression() -> None:
    pd, bad = _distorted(shift=-0.3, slope=0.7)
    design = special.logit(pd)[:, None]

    found = calibration_tests.calibration_line(pd, bad)

    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(design, bad)
    assert found.intercept == pytest.approx(oracle.intercept_[0], abs=1e-4)
    assert found.slope == pytest.approx(oracle.coef_[0, 0], abs=1e-4)
    shifted = special.expit(design[:, 0] + found.in_the_large)
    assert shifted.mean() == pytest.approx(bad.mean(), abs=1e-12)
    assert found.in_the_large_error == pytest.approx(1 / np.sqrt(np.sum(shifted * (1 - shifted))))


def test_it_measures_calibration_in_the_large_of_one_probability_for_everybody() -> None:
    found = calibration_tests.calibration_line([0.1] * 10, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0])

    assert found.in_the_large == pytest.approx(special.logit(0.2) - special.logit(0.1))
    assert (found.intercept, found.slope, found.slope_error) == (None, None, None)


@pytest.mark.parametrize(
    "pd",
    [[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.2, 0.4], [0.0, 0.0, 1.0, 1.0]],
    ids=["separated", "reversed", "touching", "certain"],
)
def test_it_has_no_line_through_separated_outcomes(pd: list[float]) -> None:
    found = calibration_tests.calibration_line(pd, [0, 0, 1, 1])

    assert math.isfinite(found.in_the_large)
    assert (found.intercept, found.slope) == (None, None)


def test_it_settles_although_a_first_step_overshoots() -> None:
    pd = [1e-15] * 50 + [0.5] * 49 + [1 - 1e-15]
    bad = [0] * 50 + [1] * 30 + [0] * 20

    found = calibration_tests.calibration_line(pd, bad)

    assert found.slope is not None
    assert found.slope > 0


@pytest.mark.parametrize("only", [0, 1])
def test_it_has_no_line_for_one_class(only: int) -> None:
    assert calibration_tests.calibration_line([0.1, 0.2], [only, only]) is None


@pytest.mark.parametrize(
    ("n", "bads", "pd", "z", "p_value"),
    [
        pytest.param(1000, 28, 0.02, 1.80701581, 0.03537991, id="9.8-T2"),
        pytest.param(1000, 32, 0.02, 2.71052371, 0.00335885, id="9.8-T3"),
        pytest.param(200, 0, 0.01, -1.42133811, 0.92239076, id="9.8-T4"),
    ],
)
def test_it_approximates_the_binomial_test(
    n: int, bads: int, pd: float, z: float, p_value: float
) -> None:
    found = calibration_tests.normal_test(n=n, bads=bads, pd=pd)

    assert found.z == pytest.approx(z, abs=1e-8)
    assert found.p_value == pytest.approx(p_value, abs=1e-8)


@pytest.mark.parametrize("pd", [0, 1])
def test_it_has_no_normal_test_of_certainty(pd: float) -> None:
    assert calibration_tests.normal_test(n=10, bads=3, pd=pd) is None


def test_it_finds_the_critical_number_of_defaults_9_8_t5() -> None:
    assert calibration_tests.critical_defaults(n=1000, pd=0.02, alpha=0.05) == 29


@given(n=st.integers(1, 300), pd=st.floats(0.001, 0.999), alpha=st.floats(0.001, 0.5))
def test_it_rejects_from_the_critical_number_on_and_not_before(
    n: int, pd: float, alpha: float
) -> None:
    found = calibration_tests.critical_defaults(n=n, pd=pd, alpha=alpha)

    rejected = [metrics.binomial_p_value(n=n, bads=bads, pd=pd) < alpha for bads in range(n + 1)]
    assert found == (rejected.index(True) if any(rejected) else None)


def test_it_turns_p_values_into_lights() -> None:
    lights = [calibration_tests.traffic_light(p) for p in (0.009, 0.01, 0.049, 0.05, 1.0)]

    assert lights == ["red", "amber", "amber", "green", "green"]


def test_it_tests_every_band() -> None:
    found = calibration_tests.band_tests(*_groups([2, 8, 14, 19, 50]), bands=5)

    assert [each.name for each in found] == ["1", "2", "3", "4", "5"]
    assert [each.light for each in found] == ["green", "amber", "amber", "green", "red"]
    assert found[1].binomial_p == metrics.binomial_p_value(n=200, bads=8, pd=found[1].mean_pd)
    assert found[1].jeffreys_p == metrics.jeffreys_p_value(n=200, bads=8, pd=found[1].mean_pd)
    assert found[1].critical_bads == calibration_tests.critical_defaults(n=200, pd=0.02)


def test_it_tests_every_grade_by_name() -> None:
    found = calibration_tests.grade_tests(
        [0.3, 0.1, 0.1, 0.3, 0.1], [1, 0, 0, 0, 1], ["B", "A", "A", "B", "A"]
    )

    assert [(each.name, each.n, each.bads) for each in found] == [("A", 3, 1), ("B", 2, 1)]
    assert [each.mean_pd for each in found] == pytest.approx([0.1, 0.3])
    with pytest.raises(ValueError, match="one grade"):
        calibration_tests.grade_tests([0.1, 0.2], [0, 1], ["A"])


@pytest.mark.parametrize(
    ("pd", "bad", "why"),
    [
        ([1.2, 0.1], [0, 1], "between 0 and 1"),
        ([0.1], [0, 1], "same length"),
        ([NAN, 0.1], [0, 1], "finite"),
        ([0.2, 0.1], [0, NAN], r"0 \(good\)"),
    ],
)
def test_it_refuses_what_are_no_probabilities(pd: list[float], bad: list[int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        calibration_tests.calibration_line(pd, bad)
    with pytest.raises(ValueError, match=why):
        calibration_tests.band_tests(pd, bad)
    with pytest.raises(ValueError, match=why):
        calibration_tests.hosmer_lemeshow(pd, bad, independent=True)
