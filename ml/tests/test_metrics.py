"""Every measure against the oracles of the rule book, 4.6 and 9.4 to 9.10."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from ml import metrics

EVEN = [0.1, 0.2, 0.4, 0.2, 0.1]
GROUPS = [200.0] * 5
RATES = [0.01, 0.02, 0.04, 0.08, 0.15]
PDS = [0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8]
OUTCOMES = [0, 0, 0, 1, 0, 0, 1, 0, 1, 1]

samples = st.lists(
    st.tuples(st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.9]), st.integers(0, 1)),
    min_size=2,
    max_size=60,
)


@pytest.mark.parametrize(
    ("expected", "actual", "value", "band"),
    [
        pytest.param(EVEN, [0.12, 0.22, 0.36, 0.19, 0.11], 0.0112330901, "stable", id="9.4-T1"),
        pytest.param(EVEN, [0.05, 0.15, 0.35, 0.25, 0.2], 0.1361899279, "investigate", id="9.4-T2"),
        pytest.param(
            [0.1] * 10,
            [0.08, 0.09, 0.09, 0.1, 0.1, 0.1, 0.11, 0.11, 0.11, 0.11],
            0.0103824885,
            "stable",
            id="9.4-T4",
        ),
        pytest.param([0.25] * 4, [0.5, 0.5, 0, 0], 4.2570317865, "act", id="9.4-T5"),
    ],
)
def test_it_measures_population_stability(
    expected: list[float], actual: list[float], value: float, band: str
) -> None:
    found = metrics.psi(expected, actual)

    assert found == pytest.approx(value, abs=1e-10)
    assert metrics.psi_band(found) == band


def test_it_shows_the_terms_of_the_stability_index_9_4_t2() -> None:
    terms = metrics.psi_terms(EVEN, [0.05, 0.15, 0.35, 0.25, 0.2])

    assert terms == pytest.approx(
        [0.034657359, 0.0143841036, 0.0066765696, 0.0111571776, 0.0693147181], abs=1e-9
    )


def test_it_knows_how_much_instability_is_chance_9_4() -> None:
    limit = metrics.psi_noise_limit(bins=10, n_expected=1000, n_actual=1000)

    assert limit == pytest.approx(0.033838, abs=1e-6)


def test_it_puts_the_limits_of_the_stability_bands_in_the_upper_band() -> None:
    assert [metrics.psi_band(v) for v in (0.0999, 0.10, 0.2499, 0.25)] == [
        "stable",
        "investigate",
        "investigate",
        "act",
    ]


def test_it_refuses_samples_with_different_bins() -> None:
    with pytest.raises(ValueError, match="same bins"):
        metrics.psi([0.5, 0.5], [1.0])


def test_it_measures_grouped_ranking_9_5_t3() -> None:
    goods = [95, 94, 92, 90, 88, 85, 82, 78, 70, 60]
    bads = [5, 6, 8, 10, 12, 15, 18, 22, 30, 40]
    pd = np.repeat(np.arange(10) / 10, [g + b for g, b in zip(goods, bads, strict=True)])
    bad = np.concatenate([np.repeat([0.0, 1.0], [g, b]) for g, b in zip(goods, bads, strict=True)])

    assert metrics.auc(pd, bad) == pytest.approx(0.7094709774, abs=1e-10)
    assert metrics.gini(pd, bad) == pytest.approx(0.4189419549, abs=1e-10)
    assert metrics.ks(pd, bad) == pytest.approx(0.3149287799, abs=1e-10)


@pytest.mark.parametrize("only", [0, 1])
def test_it_leaves_ranking_undefined_for_one_class_9_5_t4(only: int) -> None:
    bad = [only, only]

    assert metrics.auc([0.1, 0.2], bad) is None
    assert metrics.gini([0.1, 0.2], bad) is None
    assert metrics.ks([0.1, 0.2], bad) is None
    assert metrics.brier_skill([0.1, 0.2], bad) is None


@settings(deadline=None)
@given(sample=samples)
def test_it_agrees_with_scikit_learn(sample: list[tuple[float, int]]) -> None:
    pd, bad = [p for p, _ in sample], [y for _, y in sample]
    if len(set(bad)) == 1:
        assert metrics.auc(pd, bad) is None
        return
    false_rate, true_rate, _ = oracle.roc_curve(bad, pd)

    assert metrics.auc(pd, bad) == pytest.approx(oracle.roc_auc_score(bad, pd), abs=1e-12)
    assert metrics.ks(pd, bad) == pytest.approx(abs(true_rate - false_rate).max(), abs=1e-12)
    assert metrics.log_loss(pd, bad) == pytest.approx(oracle.log_loss(bad, pd), abs=1e-12)
    assert metrics.brier(pd, bad) == pytest.approx(oracle.brier_score_loss(bad, pd), abs=1e-12)


def test_it_tallies_goods_and_bads_at_each_probability() -> None:
    found = metrics.tally([0.3, 0.1, 0.3, 0.1, 0.2], [1, 0, 0, 0, 1])

    assert found.values.tolist() == [0.1, 0.2, 0.3]
    assert (found.goods.tolist(), found.bads.tolist()) == ([2, 0, 1], [0, 1, 1])
    assert found.values[found.position].tolist() == [0.3, 0.1, 0.3, 0.1, 0.2]


def test_it_finds_no_order_where_everybody_has_one_probability() -> None:
    pd, bad = [0.2] * 5, [0, 1, 0, 0, 1]

    assert (metrics.auc(pd, bad), metrics.gini(pd, bad), metrics.ks(pd, bad)) == (0.5, 0.0, 0.0)


def test_it_measures_probabilities_9_6_t1() -> None:
    assert np.sum((np.array(PDS) - OUTCOMES) ** 2) == pytest.approx(1.7318, abs=1e-12)
    assert (np.mean(PDS), np.mean(OUTCOMES)) == pytest.approx((0.27, 0.4))
    assert metrics.brier(PDS, OUTCOMES) == pytest.approx(0.17318, abs=1e-12)
    assert metrics.brier([0.4] * 10, OUTCOMES) == pytest.approx(0.24, abs=1e-12)
    assert metrics.brier_skill(PDS, OUTCOMES) == pytest.approx(0.2784166667, abs=1e-10)
    assert metrics.log_loss(PDS, OUTCOMES) == pytest.approx(0.5291892788, abs=1e-10)


def test_it_measures_a_coin_9_6_t3() -> None:
    assert metrics.brier([0.5, 0.5], [0, 1]) == 0.25
    assert metrics.log_loss([0.5, 0.5], [0, 1]) == pytest.approx(0.69314718056, abs=1e-11)


@pytest.mark.parametrize(
    ("bads", "chi2", "p_development", "p_independent"),
    [
        pytest.param([3, 3, 10, 19, 33], 2.2453401, 0.52307308, 0.8142605, id="9.7-T1"),
        pytest.param(
            [6, 9, 16, 24, 45], 35.96304793, 7.62430395466e-08, 9.66113744198e-07, id="9.7-T2"
        ),
    ],
)
def test_it_tests_calibration_over_groups(
    bads: list[float], chi2: float, p_development: float, p_independent: float
) -> None:
    developed = metrics.hosmer_lemeshow(n=GROUPS, pd=RATES, bads=bads, independent=False)
    independent = metrics.hosmer_lemeshow(n=GROUPS, pd=RATES, bads=bads, independent=True)

    assert developed.chi2 == independent.chi2 == pytest.approx(chi2, abs=1e-8)
    assert (developed.degrees_of_freedom, independent.degrees_of_freedom) == (3, 5)
    assert developed.p_value == pytest.approx(p_development, rel=1e-7)
    assert independent.p_value == pytest.approx(p_independent, rel=1e-7)


def test_it_shows_what_each_group_adds_to_hosmer_lemeshow_9_7_t1() -> None:
    found = metrics.hosmer_lemeshow(n=GROUPS, pd=RATES, bads=[3, 3, 10, 19, 33], independent=True)

    assert found.expected == pytest.approx([2, 4, 8, 16, 30])
    assert found.terms == pytest.approx(
        [0.50505051, 0.25510204, 0.52083333, 0.61141304, 0.35294118], abs=1e-8
    )


@pytest.mark.parametrize(
    ("n", "pd", "why"),
    [
        ([200.0, 200.0], [0.1, 0.2], "at least three groups"),
        ([200.0, 200.0, 0.0], [0.1, 0.2, 0.3], "size above zero"),
        ([200.0, 200.0], [0.1, 0.2, 0.3], "size above zero"),
        ([200.0] * 3, [0.1, 0.2, 1.0], "between 0 and 1"),
        ([200.0] * 3, [0.1, 0.2, math.nan], "between 0 and 1"),
    ],
)
def test_it_refuses_groups_hosmer_lemeshow_is_undefined_for(
    n: list[float], pd: list[float], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        metrics.hosmer_lemeshow(n=n, pd=pd, bads=[1.0] * len(pd), independent=False)


@pytest.mark.parametrize(
    ("n", "bads", "pd", "binomial", "jeffreys"),
    [
        pytest.param(6, 2, 0.0367, None, 0.00438048, id="9.8-source"),
        pytest.param(1000, 28, 0.02, 0.05069533, 0.04098292, id="9.8-T2"),
        pytest.param(1000, 32, 0.02, 0.00750798, 0.00572298, id="9.8-T3"),
        pytest.param(200, 0, 0.01, 1.0, 0.95517381, id="9.8-T4"),
    ],
)
def test_it_tests_whether_a_probability_is_too_low(
    n: int, bads: int, pd: float, binomial: float | None, jeffreys: float
) -> None:
    assert metrics.jeffreys_p_value(n=n, bads=bads, pd=pd) == pytest.approx(jeffreys, abs=1e-8)
    if binomial is not None:
        found = metrics.binomial_p_value(n=n, bads=bads, pd=pd)
        assert found == pytest.approx(binomial, abs=1e-8)


def test_it_finds_the_binomial_critical_count_9_8_t5() -> None:
    rejected = [
        bads for bads in range(50) if metrics.binomial_p_value(n=1000, bads=bads, pd=0.02) < 0.05
    ]

    assert rejected[0] == 29


@pytest.mark.parametrize(
    ("n", "bads", "pd", "why"),
    [(10, 11, 0.1, "11 bads among 10"), (0, 0, 0.1, "among 0"), (10, 1, math.nan, "between 0 and")],
)
def test_it_refuses_to_test_what_cannot_have_happened(
    n: int, bads: int, pd: float, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        metrics.binomial_p_value(n=n, bads=bads, pd=pd)
    with pytest.raises(ValueError, match=why):
        metrics.jeffreys_p_value(n=n, bads=bads, pd=pd)


def test_it_measures_concentration_9_9_t2() -> None:
    found = metrics.concentration([0.05, 0.15, 0.3, 0.3, 0.15, 0.05])

    assert found.hhi == pytest.approx(0.23, abs=1e-12)
    assert found.normalised == pytest.approx(0.076, abs=1e-12)
    assert found.coefficient_of_variation == pytest.approx(0.6164414003, abs=1e-10)
    assert found.points == pytest.approx(2300, abs=1e-9)
    assert found.hhi == pytest.approx((1 + found.coefficient_of_variation**2) / 6, abs=1e-12)


def test_it_measures_concentration_in_one_9_9_t4() -> None:
    found = metrics.concentration([1])

    assert (found.hhi, found.effective_number, found.normalised) == (1.0, 1.0, None)


def test_it_measures_the_concentration_of_exposures_as_that_of_their_shares() -> None:
    found = metrics.concentration([500.0, 1500.0, 0.0])

    assert found.effective_number == pytest.approx(1.6)


@pytest.mark.parametrize("parts", [[], [0, 0], [1, -1, 3], [1, math.nan], [[1.0]]])
def test_it_refuses_parts_of_nothing(parts: list[float]) -> None:
    with pytest.raises(ValueError, match="at least zero"):
        metrics.concentration(parts)


def test_it_weighs_evidence_9_10_t1() -> None:
    found = metrics.weight_of_evidence(goods=[300, 500, 200], bads=[60, 30, 10])

    assert found.woe == pytest.approx([-0.6931471806, 0.5108256238, 0.6931471806], abs=1e-10)
    assert found.terms == pytest.approx([0.2079441542, 0.1021651248, 0.0693147181], abs=1e-10)
    assert found.iv == pytest.approx(0.379423997, abs=1e-9)


def test_it_refuses_a_bin_without_a_class() -> None:
    with pytest.raises(ValueError, match="at least one good"):
        metrics.weight_of_evidence(goods=[3, 0], bads=[1, 1])


def test_it_compares_selection_rates_4_6_t3() -> None:
    found = metrics.adverse_impact(
        selected=30, total=100, reference_selected=40, reference_total=100
    )

    assert found.ratio == pytest.approx(0.75)
    assert found.difference == pytest.approx(-0.1)
    assert found.z == pytest.approx(-1.482499, abs=1e-6)
    assert found.p_value == pytest.approx(0.138208, abs=1e-6)


def test_it_leaves_the_ratio_undefined_when_nobody_of_the_reference_was_selected() -> None:
    found = metrics.adverse_impact(selected=0, total=5, reference_selected=0, reference_total=5)

    assert (found.ratio, found.z, found.p_value) == (None, None, None)


def test_it_keeps_equal_probabilities_in_one_band() -> None:
    bands = metrics.calibration_by_band([0.1] * 30 + [0.3] * 10, [0] * 29 + [1] + [1] * 10)

    assert [(band.n, band.bads) for band in bands] == [(30, 1), (10, 10)]
    assert [band.mean_pd for band in bands] == pytest.approx([0.1, 0.3])


def test_it_makes_bands_of_equal_count_and_the_error_over_them() -> None:
    pd = (np.arange(100) + 0.5) / 100
    bad = (np.arange(100) >= 50).astype(float)

    bands = metrics.calibration_by_band(pd, bad)

    assert [band.n for band in bands] == [10] * 10
    assert [band.observed_rate for band in bands] == [0.0] * 5 + [1.0] * 5
    assert metrics.expected_calibration_error(pd, bad) == pytest.approx(0.25)


@given(sample=samples)
def test_it_bands_everybody_once(sample: list[tuple[float, int]]) -> None:
    pd, bad = [p for p, _ in sample], [y for _, y in sample]

    bands = metrics.calibration_by_band(pd, bad, bands=4)

    assert sum(band.n for band in bands) == len(sample)
    assert sum(band.bads for band in bands) == sum(bad)
    assert all(a.highest_pd < b.lowest_pd for a, b in itertools.pairwise(bands))


@pytest.mark.parametrize(
    ("pd", "bad", "why"),
    [
        ([], [], "same length"),
        ([0.1], [0, 1], "same length"),
        ([math.nan], [1], "finite"),
        ([0.1], [2], "0 \\(good\\) or 1 \\(bad\\)"),
        ([0.1], [math.nan], "0 \\(good\\) or 1 \\(bad\\)"),
    ],
)
def test_it_refuses_what_it_cannot_measure(pd: list[float], bad: list[int], why: str) -> None:
    for measure in (
        metrics.auc,
        metrics.ks,
        metrics.brier,
        metrics.brier_skill,
        metrics.log_loss,
        metrics.calibration_by_band,
        metrics.expected_calibration_error,
    ):
        with pytest.raises(ValueError, match=why):
            measure(pd, bad)
