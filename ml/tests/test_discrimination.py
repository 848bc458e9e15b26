"""Ranking measured: DeLong, KS, H-measure and the top of the list, against independent oracles."""

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from sklearn import metrics as oracle

from ml import discrimination, metrics
from ml.discrimination import Estimate

Floats = npt.NDArray[np.float64]

GOODS = [95, 94, 92, 90, 88, 85, 82, 78, 70, 60]
BADS = [5, 6, 8, 10, 12, 15, 18, 22, 30, 40]
NAN = float("nan")

samples = st.lists(
    st.tuples(st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.9]), st.integers(0, 1)),
    min_size=4,
    max_size=40,
).filter(lambda sample: len({bad for _, bad in sample}) == 2)


def _people(goods: list[int], bads: list[int]) -> tuple[Floats, Floats]:
    """Return people in groups, safest first, as probabilities and outcomes."""
    groups = list(zip(goods, bads, strict=True))
    pd = np.repeat((np.arange(len(groups)) + 0.5) / len(groups), [g + b for g, b in groups])
    bad = np.concatenate([np.repeat([0.0, 1.0], group) for group in groups])
    return pd, bad


def _market(n: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return the probabilities of a good and a noisier model, and outcomes."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=n)
    bad = (rng.random(n) < 1 / (1 + np.exp(1.5 - signal))).astype(float)
    noisy = signal + rng.normal(size=n)
    return 1 / (1 + np.exp(1.5 - signal)), 1 / (1 + np.exp(1.5 - noisy)), bad


def _kernel(first: Floats, bad: Floats) -> Floats:
    """Return DeLong's kernel of every bad against every good, the slow way."""
    bads, goods = first[bad == 1], first[bad == 0]
    kernel: Floats = (bads[:, None] > goods) + 0.5 * (bads[:, None] == goods)
    return kernel


def _slow_error(kernel: Floats) -> float:
    """Return the standard error of DeLong et al. (1988) from all pairs."""
    of_bads, of_goods = kernel.mean(axis=1), kernel.mean(axis=0)
    variance = of_bads.var(ddof=1) / len(of_bads) + of_goods.var(ddof=1) / len(of_goods)
    return math.sqrt(variance)


def test_it_puts_an_interval_around_the_auc_worked_by_hand() -> None:
    # Bads .4 and .8 against goods .1, .3 and .6: placements 2/3 and 1 of bads; 1, 1, 1/2 of goods.
    found = discrimination.auc_interval([0.1, 0.3, 0.6, 0.4, 0.8], [0, 0, 0, 1, 1])

    error = math.sqrt((1 / 18) / 2 + (1 / 12) / 3)
    assert found is not None
    assert found.value == pytest.approx(5 / 6, abs=1e-15)
    assert found.standard_error == pytest.approx(error, abs=1e-15)
    assert found.lower == pytest.approx(5 / 6 - 1.959963984540054 * error, abs=1e-12)
    assert found.upper == 1.0


@given(sample=samples)
def test_it_agrees_with_delongs_all_pairs_whatever_ties(sample: list[tuple[float, int]]) -> None:
    pd, bad = (np.array(part, dtype=float) for part in zip(*sample, strict=True))

    found = discrimination.auc_interval(pd, bad)

    kernel = _kernel(pd, bad)
    assert found is not None
    assert found.value == pytest.approx(oracle.roc_auc_score(bad, pd), abs=1e-12)
    if min(kernel.shape) < 2:
        assert (found.standard_error, found.lower, found.upper) == (None, None, None)
    else:
        assert found.standard_error == pytest.approx(_slow_error(kernel), abs=1e-12)


def test_it_stretches_the_interval_of_the_auc_to_the_gini() -> None:
    pd, bad = _people(GOODS, BADS)

    area = discrimination.auc_interval(pd, bad)
    found = discrimination.gini_interval(pd, bad)

    assert found is not None
    assert found.value == pytest.approx(0.4189419549, abs=1e-10)
    assert found.standard_error == pytest.approx(2 * area.standard_error, abs=1e-15)
    assert (found.lower, found.upper) == pytest.approx((2 * area.lower - 1, 2 * area.upper - 1))


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    truth, inside, rounds = 0.5 * (1 + math.erf(0.5)), 0, 300
    rng = np.random.default_rng(5)
    for _ in range(rounds):
        pd = np.concatenate([rng.normal(size=200), rng.normal(loc=1, size=60)])
        found = discrimination.auc_interval(pd, np.repeat([0.0, 1.0], [200, 60]), level=0.9)
        inside += found.lower <= truth <= found.upper

    assert 0.85 <= inside / rounds <= 0.95


@pytest.mark.parametrize("pd", [[0.1, 0.2, 0.8, 0.9], [0.3] * 4], ids=["separated", "constant"])
def test_it_gives_no_interval_where_the_formula_has_no_information(pd: list[float]) -> None:
    found = discrimination.auc_interval(pd, [0, 0, 1, 1])

    value = 1.0 if pd[0] < pd[-1] else 0.5
    assert found == Estimate(value, 0.0, None, None, 0.95)


@pytest.mark.parametrize("only", [0, 1])
def test_it_leaves_everything_undefined_for_one_class_9_5_t4(only: int) -> None:
    pd, bad = [0.1, 0.2], [only, only]

    assert discrimination.auc_interval(pd, bad) is None
    assert discrimination.gini_interval(pd, bad) is None
    assert discrimination.delong_test(pd, pd, bad) is None
    assert discrimination.ks_point(pd, bad) is None
    assert discrimination.h_measure(pd, bad) is None
    assert discrimination.grouped(goods=[1 - only] * 2, bads=[only] * 2) is None


def test_it_tests_two_models_on_the_same_people() -> None:
    good, noisy, bad = _market(400, seed=1)

    found = discrimination.delong_test(good, noisy, bad)

    first, second = _kernel(good, bad), _kernel(noisy, bad)
    error = _slow_error(first - second)
    z = (first.mean() - second.mean()) / error
    assert found is not None
    assert found.difference == pytest.approx(first.mean() - second.mean(), abs=1e-12)
    assert found.standard_error == pytest.approx(error, abs=1e-12)
    assert found.z == pytest.approx(z, abs=1e-9)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)
    assert found.lower == pytest.approx(found.difference - stats.norm.ppf(0.975) * error)


def test_it_finds_no_difference_between_a_model_and_itself() -> None:
    good, _, bad = _market(200, seed=2)

    found = discrimination.delong_test(good, np.log(good), bad)

    assert (found.difference, found.standard_error) == (0.0, 0.0)
    assert (found.z, found.p_value, found.lower, found.upper) == (None, None, None, None)


def test_it_rejects_a_true_difference_no_more_often_than_it_says() -> None:
    rng = np.random.default_rng(8)
    rejected = 0
    for _ in range(300):
        signal, bad = rng.normal(size=150), np.repeat([0.0, 1.0], [110, 40])
        pair = (signal + bad + rng.normal(size=150) for _ in range(2))
        rejected += discrimination.delong_test(*pair, bad).p_value < 0.05

    assert 0.02 <= rejected / 300 <= 0.09


@given(sample=samples)
def test_it_agrees_with_scipy_on_ks(sample: list[tuple[float, int]]) -> None:
    pd, bad = (np.array(part, dtype=float) for part in zip(*sample, strict=True))

    found = discrimination.ks_point(pd, bad)

    both = pd[bad == 1], pd[bad == 0]
    assert found is not None
    assert found.ks == metrics.ks(pd, bad)
    assert found.ks == pytest.approx(stats.ks_2samp(*both).statistic, abs=1e-12)
    at_point = [np.mean(part <= found.cut_off) for part in both]
    assert abs(at_point[0] - at_point[1]) == pytest.approx(found.ks, abs=1e-12)


def test_it_measures_groups_9_5_t3() -> None:
    found = discrimination.grouped(goods=GOODS, bads=BADS)

    assert found is not None
    assert found.ks == pytest.approx(0.3149287799, abs=1e-10)
    assert found.ks_group == 6
    assert found.auc == pytest.approx(0.7094709774, abs=1e-10)
    assert found.gini == pytest.approx(0.4189419549, abs=1e-10)


@pytest.mark.parametrize(("goods", "bads"), [([1, 2], [1]), ([1, -1], [1, 1]), ([NAN], [1])])
def test_it_refuses_groups_that_are_none(goods: list[float], bads: list[float]) -> None:
    with pytest.raises(ValueError, match="as many counts"):
        discrimination.grouped(goods=goods, bads=bads)


def test_it_measures_h_as_the_r_package_does_on_its_pima_example() -> None:
    # The hull of the package's linear discriminant on MASS::Pima.te, in goods and bads a segment.
    goods = [27, 59, 18, 42, 9, 35, 16, 1, 1, 8, 4, 3, 0]
    bads = [0, 1, 1, 7, 2, 23, 13, 1, 2, 19, 22, 17, 1]

    found = discrimination.h_measure(*_people(goods, bads), severity_ratio=1)

    assert found == pytest.approx(0.42144692438763, abs=1e-14)


def test_it_takes_the_default_severity_of_the_r_package() -> None:
    rng = np.random.default_rng(66)
    bad = rng.integers(low=0, high=2, size=10)

    found = discrimination.h_measure(rng.random(10), bad)

    assert found == pytest.approx(0.18889596344769588, abs=1e-14)


@given(sample=samples, severity=st.one_of(st.none(), st.sampled_from([0.2, 1.0, 3.0])))
def test_it_agrees_with_h_integrated_over_all_thresholds(
    sample: list[tuple[float, int]], severity: float | None
) -> None:
    pd, bad = (np.array(part, dtype=float) for part in zip(*sample, strict=True))
    rate = bad.mean()
    costs = np.linspace(0, 1, 4001)
    spread = stats.beta(2, 1 + 1 / (severity or rate / (1 - rate))).pdf(costs)
    thresholds = [*np.unique(pd), np.inf]
    missed = np.array([np.mean((pd < t) & (bad == 1)) for t in thresholds])
    turned_away = np.array([np.mean((pd >= t) & (bad == 0)) for t in thresholds])
    least = (costs * turned_away[:, None] + (1 - costs) * missed[:, None]).min(axis=0)
    blind = np.minimum(costs * (1 - rate), (1 - costs) * rate)

    found = discrimination.h_measure(pd, bad, severity_ratio=severity)

    expected = 1 - integrate.simpson(least * spread, x=costs) / integrate.simpson(
        blind * spread, x=costs
    )
    assert found == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize(
    ("pd", "expected"),
    [([0.1, 0.2, 0.8, 0.9], 1.0), ([0.3] * 4, 0.0), ([0.9, 0.8, 0.2, 0.1], 0.0)],
    ids=["separated", "constant", "reversed"],
)
def test_it_gives_h_of_the_extremes(pd: list[float], expected: float) -> None:
    assert discrimination.h_measure(pd, [0, 0, 1, 1]) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("ratio", [0, -1, math.inf, NAN])
def test_it_refuses_a_severity_that_is_none(ratio: float) -> None:
    with pytest.raises(ValueError, match="positive number"):
        discrimination.h_measure([0.1, 0.2], [0, 1], severity_ratio=ratio)


def test_it_measures_the_top_of_the_list() -> None:
    pd = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05]
    bad = [1, 0, 1, 0, 0, 1, 0, 0, 0, 0]

    found = discrimination.top(pd, bad, share=0.3)

    assert (found.n, found.bads, found.lowest_pd, found.tied) == (3, 2.0, 0.7, 1)
    assert found.precision == pytest.approx(oracle.precision_score(bad, np.array(pd) >= 0.7))
    assert found.recall == pytest.approx(oracle.recall_score(bad, np.array(pd) >= 0.7))
    assert found.f1 == pytest.approx(oracle.f1_score(bad, np.array(pd) >= 0.7))
    assert found.lift == pytest.approx((2 / 3) / 0.3)


def test_it_counts_the_bads_of_a_tie_in_proportion() -> None:
    pd, bad = [0.9, 0.5, 0.5, 0.5, 0.5, 0.1], [1, 1, 0, 0, 1, 0]

    found = discrimination.top(pd, bad, count=2)

    drawn = [sum(chosen) for chosen in itertools.combinations(bad[1:5], 1)]
    assert (found.tied, found.tied_taken) == (4, 1)
    assert found.bads == pytest.approx(1 + np.mean(drawn))


@pytest.mark.parametrize(("share", "n"), [(0.01, 1), (0.25, 3), (0.24, 2), (1.0, 10)])
def test_it_rounds_a_share_to_whole_people_but_never_to_nobody(share: float, n: int) -> None:
    assert discrimination.top(np.arange(10) / 10, [0, 1] * 5, share=share).n == n


def test_it_leaves_recall_and_lift_undefined_without_a_bad() -> None:
    found = discrimination.top([0.1, 0.2], [0, 0], count=1)

    assert (found.precision, found.recall, found.f1, found.lift) == (0.0, None, None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"share": 0.5, "count": 1},
        {"share": 0},
        {"share": 1.1},
        {"share": NAN},
        {"count": 0},
        {"count": 3},
    ],
)
def test_it_refuses_a_top_that_is_none(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must lie|lies above|by one of them"):
        discrimination.top([0.1, 0.2], [0, 1], **wrong)


def test_it_draws_the_capture_curve_whose_area_is_the_gini() -> None:
    pd, bad = _people(GOODS, BADS)

    found = discrimination.capture_curve(pd, bad)

    rate = bad.mean()
    above_diagonal = float(np.trapezoid(found.bads, found.people)) - 0.5
    assert (found.people[0], found.bads[0], found.people[-1], found.bads[-1]) == (0, 0, 1, 1)
    assert found.bads[1] == pytest.approx(40 / 166)
    assert above_diagonal / (0.5 * (1 - rate)) == pytest.approx(0.4189419549, abs=1e-10)
    assert discrimination.capture_curve([0.1], [0]) is None


@pytest.mark.parametrize("level", [0, 1, -0.1, NAN])
def test_it_refuses_a_level_that_is_none(level: float) -> None:
    with pytest.raises(ValueError, match="level of an interval"):
        discrimination.auc_interval([0.1, 0.2], [0, 1], level=level)


@pytest.mark.parametrize(
    ("pd", "bad"), [([0.1], [0, 1]), ([], []), ([NAN], [1]), ([math.inf], [1]), ([0.1], [NAN])]
)
def test_it_refuses_what_it_cannot_rank(pd: list[float], bad: list[float]) -> None:
    for measure in (
        discrimination.auc_interval,
        discrimination.ks_point,
        discrimination.h_measure,
        discrimination.capture_curve,
    ):
        with pytest.raises(ValueError, match=r"same length|finite|0 \(good\)"):
            measure(pd, bad)
