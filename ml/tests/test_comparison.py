"""Champion and challenger: paired bootstrap, McNemar and the swap table."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from ml import comparison, discrimination, metrics
from ml.comparison import BootstrapConfig, Swap

Floats = npt.NDArray[np.float64]

FEW = BootstrapConfig(rounds=300, seed=4)
NAN = float("nan")
CHAMPION = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
CHALLENGER = [0.1, 0.6, 0.2, 0.3, 0.4, 0.5]


def _market(n: int, *, noise: float, seed: int, steps: int = 0) -> tuple[Floats, Floats, Floats]:
    """Return PDs of a noisier and a true model and outcomes; `steps` rounds PDs into ties."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=n)
    true = 1 / (1 + np.exp(1.5 - signal))
    bad = (rng.random(n) < true).astype(float)
    noisy = 1 / (1 + np.exp(1.5 - signal - noise * rng.normal(size=n)))
    if steps:
        noisy, true = (np.ceil(pd * steps) / (steps + 1) for pd in (noisy, true))
    return noisy, true, bad


@pytest.mark.parametrize("steps", [0, 7], ids=["distinct", "tied"])
def test_it_measures_both_models_as_the_metrics_do(steps: int) -> None:
    first, second, bad = _market(500, noise=1, seed=1, steps=steps)

    found = comparison.compare(first, second, bad, config=FEW)

    assert (found.n, found.bads) == (500, bad.sum())
    for name in ("auc", "ks", "brier", "log_loss"):
        measure = getattr(metrics, name)
        difference = found.of(name)
        assert difference.first == pytest.approx(measure(first, bad), abs=1e-12)
        assert difference.second == pytest.approx(measure(second, bad), abs=1e-12)
        assert difference.difference == pytest.approx(difference.second - difference.first)
        assert difference.lower < difference.difference < difference.upper
    assert found.delong == discrimination.delong_test(first, second, bad)


@pytest.mark.parametrize("steps", [0, 7], ids=["distinct", "tied"])
def test_it_resamples_the_people_and_not_the_numbers(steps: int) -> None:
    _, second, bad = _market(40, noise=1, seed=2, steps=steps)
    drawn = np.random.default_rng(0).integers(0, 40, size=200)
    weights = np.bincount(drawn, minlength=40)[None, :].astype(float)

    found = comparison._Side.of(second, bad).measure(weights)[:, 0]

    sample = second[drawn], bad[drawn]
    assert found.tolist() == pytest.approx(
        [
            metrics.auc(*sample),
            metrics.ks(*sample),
            metrics.brier(*sample),
            metrics.log_loss(*sample),
        ],
        abs=1e-12,
    )


def test_it_draws_goods_and_bads_apart() -> None:
    bad = np.repeat([0.0, 1.0], [30, 5])

    for weights in comparison._resamples(bad, FEW):
        assert (weights[:, :30].sum(axis=1) == 30).all()
        assert (weights[:, 30:].sum(axis=1) == 5).all()


def test_it_draws_as_many_rounds_as_it_was_asked_whatever_the_chunks() -> None:
    bad = np.repeat([0.0, 1.0], [900, 100])

    drawn = [len(weights) for weights in comparison._resamples(bad, FEW)]

    assert len(drawn) > 1
    assert sum(drawn) == 300


def test_it_agrees_with_delong_on_the_spread_of_the_difference() -> None:
    first, second, bad = _market(1500, noise=1, seed=3)

    found = comparison.compare(first, second, bad, config=BootstrapConfig(rounds=600))

    assert found.of("auc").standard_error == pytest.approx(found.delong.standard_error, rel=0.1)
    assert found.of("auc").lower == pytest.approx(-found.delong.upper, abs=0.005)
    assert found.of("auc").difference == pytest.approx(-found.delong.difference)


def test_it_finds_a_clear_difference_and_none_where_there_is_none() -> None:
    first, second, bad = _market(1000, noise=2, seed=5)

    better = comparison.compare(first, second, bad, config=FEW)
    same = comparison.compare(second, second, bad, config=FEW)

    for name in ("auc", "ks", "brier", "log_loss"):
        assert better.of(name).p_value == pytest.approx(2 / 301)
        assert same.of(name).p_value == 1.0
        assert (same.of(name).lower, same.of(name).upper) == (0.0, 0.0)


def test_it_says_the_same_for_one_seed_and_something_else_for_another() -> None:
    market = _market(200, noise=1, seed=6)

    one, again, other = (
        comparison.compare(*market, config=BootstrapConfig(rounds=100, seed=seed))
        for seed in (1, 1, 2)
    )

    assert one == again
    assert one.of("auc").standard_error != other.of("auc").standard_error


@pytest.mark.parametrize(
    ("first", "second", "bad", "why"),
    [
        ([0.1, 0.2], [0.1, 0.2], [0, 0], "good and bad"),
        ([0.1, 0.2], [0.1], [0, 1], "same length"),
        ([0.1, NAN], [0.1, 0.2], [0, 1], "finite"),
        ([0.1, 2.0], [0.1, 0.2], [0, 1], "between 0 and 1"),
    ],
)
def test_it_refuses_models_it_cannot_compare(
    first: list[float], second: list[float], bad: list[int], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        comparison.compare(first, second, bad, config=FEW)


@pytest.mark.parametrize("broken", [{"rounds": 99}, {"level": 1}, {"level": NAN}])
def test_it_refuses_a_bootstrap_that_is_none(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"100 rounds|level of an interval"):
        BootstrapConfig(**broken)


def test_it_names_only_the_measures_there_are() -> None:
    found = comparison.compare(*_market(100, noise=1, seed=7), config=FEW)

    with pytest.raises(KeyError):
        found.of("gini")


def test_it_tests_decisions_where_only_one_model_is_right() -> None:
    bad = [0] * 6 + [1] * 6
    first = [True] * 4 + [False] * 2 + [True] * 5 + [False]
    second = [True] * 5 + [False] + [False] * 5 + [True]

    found = comparison.compare_decisions(first, second, bad)

    assert (found.both_right, found.both_wrong) == (4, 1)
    assert (found.only_first_right, found.only_second_right) == (1, 6)
    assert found.p_value == pytest.approx(stats.binomtest(1, 7, 0.5).pvalue)


@pytest.mark.parametrize(("only_first", "only_second"), [(3, 3), (0, 1), (0, 8), (10, 4)])
def test_it_agrees_with_the_exact_binomial_test(only_first: int, only_second: int) -> None:
    n = only_first + only_second
    first = np.arange(n) < only_first

    found = comparison.compare_decisions(first, ~first, np.zeros(n))

    assert found.p_value == pytest.approx(stats.binomtest(only_first, n, 0.5).pvalue)


def test_it_leaves_the_test_undefined_where_the_models_agree() -> None:
    found = comparison.compare_decisions([True, False], [True, False], [0, 0])

    assert (found.p_value, found.both_right, found.both_wrong) == (None, 1, 1)


def test_it_shows_who_is_swapped_in_and_out() -> None:
    found = comparison.swap_at_approval_rate(
        CHAMPION, CHALLENGER, [0, 1, 0, 0, 1, 1], approval_rate=0.5
    )

    assert (found.first_approval_rate, found.second_approval_rate) == (0.5, 0.5)
    assert found.approved_by_both == Swap(2, 2, 0, 0.0, pytest.approx(0.15))
    assert found.swapped_in == Swap(1, 1, 0, 0.0, 0.3)
    assert found.swapped_out == Swap(1, 1, 1, 1.0, 0.6)
    assert found.declined_by_both == Swap(2, 2, 2, 1.0, pytest.approx(0.45))


def test_it_keeps_the_outcomes_of_the_declined_unknown() -> None:
    found = comparison.swap(
        CHAMPION, CHALLENGER, [0, 1, 0, NAN, NAN, NAN], first_below=0.35, second_below=0.35
    )

    assert found.swapped_in == Swap(n=1, known=0, bads=0, bad_rate=None, expected_bad_rate=0.3)
    assert found.swapped_out.bad_rate == 1.0
    assert found.declined_by_both.known == 0


def test_it_swaps_nobody_between_a_model_and_itself() -> None:
    found = comparison.swap_at_approval_rate(CHAMPION, CHAMPION, [0] * 6, approval_rate=0.5)

    assert found.swapped_in == found.swapped_out == Swap(0, 0, 0, None, None)


def test_it_says_when_ties_make_a_model_approve_more() -> None:
    found = comparison.swap_at_approval_rate(
        CHAMPION, [0.1, 0.2, 0.2, 0.2, 0.2, 0.9], [0] * 6, approval_rate=0.5
    )

    assert (found.first_approval_rate, found.second_approval_rate) == (0.5, pytest.approx(5 / 6))


@pytest.mark.parametrize(
    ("second", "bad"),
    [([0.1] * 5, [0] * 6), (CHALLENGER, [0] * 5), ([math.inf] * 6, [0] * 6), (CHALLENGER, [2] * 6)],
)
def test_it_refuses_people_it_cannot_swap(second: list[float], bad: list[float]) -> None:
    with pytest.raises(ValueError, match=r"same length|finite|0 \(good\)"):
        comparison.swap(CHAMPION, second, bad, first_below=0.3, second_below=0.3)
