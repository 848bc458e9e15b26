"""A row of weight three counts as three rows would, in every measure that takes weights."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from ml import metrics

PD = [0.05, 0.1, 0.1, 0.3, 0.6]
BAD = [0, 0, 1, 0, 1]
WEIGHT = [4.0, 1.0, 2.0, 0.5, 3.0]
MEASURES: tuple[Callable[..., float | None], ...] = (
    metrics.auc,
    metrics.gini,
    metrics.ks,
    metrics.brier,
    metrics.brier_skill,
    metrics.log_loss,
    metrics.expected_calibration_error,
)

rows = st.lists(
    st.tuples(st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.9]), st.integers(0, 1), st.integers(1, 4)),
    min_size=1,
    max_size=40,
)


def test_it_weighs_by_hand() -> None:
    """Goods weigh 4, 1 and 0.5, bads 2 and 3; the tie of 0.1 counts half."""
    pairs = 2 * (4 + 0.5) + 3 * 5.5

    assert metrics.auc(PD, BAD, WEIGHT) == pytest.approx(pairs / (5 * 5.5))
    assert metrics.ks(PD, BAD, WEIGHT) == pytest.approx(4 / 5.5)
    squares = 4 * 0.05**2 + 0.1**2 + 2 * 0.9**2 + 0.5 * 0.3**2 + 3 * 0.4**2
    assert metrics.brier(PD, BAD, WEIGHT) == pytest.approx(squares / 10.5)
    rate = 5 / 10.5
    skill = 1 - squares / 10.5 / (rate * (1 - rate))
    assert metrics.brier_skill(PD, BAD, WEIGHT) == pytest.approx(skill)


@given(sample=rows)
def test_it_counts_a_weight_as_so_many_rows(sample: list[tuple[float, int, int]]) -> None:
    pd, bad, times = (np.array(part, dtype=float) for part in zip(*sample, strict=True))
    repeated = np.repeat(np.arange(len(pd)), times.astype(int))

    for measure in MEASURES:
        expected = measure(pd[repeated], bad[repeated])
        found = measure(pd, bad, times)
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


@given(sample=rows, unit=st.floats(0.01, 100))
def test_it_does_not_mind_the_unit_of_the_weights(
    sample: list[tuple[float, int, int]], unit: float
) -> None:
    pd, bad, weight = (np.array(part, dtype=float) for part in zip(*sample, strict=True))

    for measure in MEASURES[:-1]:  # where a band ends may turn on the last digit
        expected = measure(pd, bad, weight)
        found = measure(pd, bad, unit * weight)
        assert found == (None if expected is None else pytest.approx(expected))


def test_it_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    pd, weight = rng.random(500).round(2), rng.random(500) + 0.1
    bad = (rng.random(500) < pd).astype(int)

    area = oracle.roc_auc_score(bad, pd, sample_weight=weight)
    assert metrics.auc(pd, bad, weight) == pytest.approx(area)
    loss = oracle.log_loss(bad, np.clip(pd, 1e-15, 1 - 1e-15), sample_weight=weight)
    assert metrics.log_loss(pd, bad, weight) == pytest.approx(loss)
    brier = oracle.brier_score_loss(bad, pd, sample_weight=weight)
    assert metrics.brier(pd, bad, weight) == pytest.approx(brier)


def test_it_makes_bands_of_equal_weight() -> None:
    pd = (np.arange(100) + 0.5) / 100
    bad = (np.arange(100) % 4 == 0).astype(float)
    weight = np.where(np.arange(100) < 50, 3.0, 1.0)

    bands = metrics.calibration_by_band(pd, bad, weight, bands=4)

    sizes = [band.weight for band in bands if band.weight is not None]
    assert sizes == pytest.approx([50] * 4, abs=3)
    assert sum(sizes) == weight.sum()
    assert sum(band.n for band in bands) == 100
    assert sum(band.bads for band in bands) == 25
    last = bands[-1]
    assert last.lowest_pd == 0.505
    assert last.weight == last.n == 50


def test_it_weighs_within_a_band_too() -> None:
    (band,) = metrics.calibration_by_band([0.2, 0.4], [0, 1], [3.0, 1.0], bands=1)

    assert (band.n, band.bads, band.weight) == (2, 1, 4.0)
    assert band.mean_pd == pytest.approx(0.25)
    assert band.observed_rate == pytest.approx(0.25)
    assert metrics.calibration_by_band([0.2], [0])[0].weight is None


def test_it_leaves_undefined_what_one_class_cannot_tell() -> None:
    found = [measure([0.1, 0.2], [1, 1], [0.1, 0.2]) for measure in MEASURES[:3]]

    assert found == [None] * 3
    assert metrics.brier_skill([0.1, 0.2, 0.3], [1, 1, 1], [0.1, 0.2, 0.3]) is None


@pytest.mark.parametrize(
    "weight", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, math.nan], [1.0, math.inf], [[1.0, 1.0]]]
)
def test_it_refuses_weights_that_are_none(weight: Any) -> None:
    for measure in (*MEASURES, metrics.calibration_by_band):
        with pytest.raises(ValueError, match="one positive, finite weight"):
            measure([0.1, 0.2], [0, 1], weight)
