"""Stability from raw samples: bins fixed on the reference, missing and unseen kept apart."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import metrics
from ml import population_stability as stability

NAN = float("nan")
LABELS = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("expected", "actual", "value", "band", "terms"),
    [
        pytest.param(
            [10, 20, 40, 20, 10],
            [12, 22, 36, 19, 11],
            0.0112330901,
            "stable",
            [0.0036464311, 0.0019062036, 0.0042144206, 0.0005129329, 0.0009531018],
            id="9.4-T1",
        ),
        pytest.param(
            [10, 20, 40, 20, 10],
            [5, 15, 35, 25, 20],
            0.1361899279,
            "investigate",
            [0.034657359, 0.0143841036, 0.0066765696, 0.0111571776, 0.0693147181],
            id="9.4-T2",
        ),
    ],
)
def test_it_measures_counts(
    expected: list[int], actual: list[int], value: float, band: str, terms: list[float]
) -> None:
    found = stability.stability(LABELS, expected, actual)

    assert found.psi == pytest.approx(value, abs=1e-10)
    assert found.band == band
    assert [each.term for each in found.bins] == pytest.approx(terms, abs=1e-10)
    assert [each.label for each in found.bins] == LABELS


def test_it_floors_bins_empty_on_one_side_9_4_t5() -> None:
    found = stability.stability(["a", "b", "c", "d"], [25] * 4, [50, 50, 0, 0])

    assert found.psi == pytest.approx(4.2570317865, abs=1e-10)
    assert found.band == "act"


def test_it_leaves_bins_empty_on_both_sides_out_of_the_noise() -> None:
    found = stability.stability(["a", "b", "missing"], [600, 400, 0], [500, 500, 0])

    assert len(found.bins) == 2
    assert found.noise_limit == metrics.psi_noise_limit(bins=2, n_expected=1000, n_actual=1000)


def test_it_bounds_what_chance_does_9_4() -> None:
    rng = np.random.default_rng(3)
    reference = stability.number_bins(rng.normal(size=2000))

    found = [stability.number_stability(reference, rng.normal(size=1000)) for _ in range(200)]

    above = np.mean([each.psi > each.noise_limit for each in found])
    assert 0.01 <= above <= 0.12
    assert all((each.psi > each.noise_limit) == (each.p_value < 0.05) for each in found)


def test_it_bins_numbers_by_equal_counts_and_missing_apart() -> None:
    values = [*np.arange(100.0), NAN, NAN]

    found = stability.number_bins(values, bins=4)

    assert found.edges == (24.0, 49.0, 74.0)
    assert found.counts == (24, 25, 25, 26, 2)
    assert found.labels == ("below 24", "24 to 49", "49 to 74", "from 74", "missing")


def test_it_keeps_equal_values_in_one_bin() -> None:
    found = stability.number_bins([0.0] * 80 + [1.0] * 15 + [2.0] * 5)

    assert found.edges == (1.0,)
    assert found.counts == (80, 20, 0)


@pytest.mark.parametrize(
    ("values", "labels"),
    [([5.0] * 9, ("all", "missing")), ([NAN] * 9, ("all", "missing"))],
    ids=["constant", "all missing"],
)
def test_it_has_one_bin_where_there_is_one_value(
    values: list[float], labels: tuple[str, ...]
) -> None:
    reference = stability.number_bins(values)

    same = stability.number_stability(reference, values)

    assert reference.labels == labels
    assert (same.psi, same.band, same.noise_limit, same.p_value) == (0.0, "stable", None, None)


def test_it_notices_that_more_is_missing() -> None:
    reference = stability.number_bins(np.arange(1000.0))

    found = stability.number_stability(reference, [*np.arange(1000.0), *[NAN] * 500])

    assert found.bins[-1].label == "missing"
    assert found.bins[-1].term > 0.1
    assert found.band == "act"


def test_it_notices_unseen_and_missing_categories() -> None:
    reference = stability.category_bins(["b"] * 60 + ["a"] * 40)
    newer = [*["a"] * 40, *["b"] * 40, *["z"] * 10, *[None] * 10]

    found = stability.category_stability(reference, newer)

    assert reference.labels == ("a", "b", "unseen", "missing")
    assert reference.counts == (40, 60, 0, 0)
    assert [each.actual for each in found.bins] == [0.4, 0.4, 0.1, 0.1]
    assert [each.expected for each in found.bins] == [0.4, 0.6, 0.0, 0.0]


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a", "b", None, NAN], dtype=object),
        pd.Series(["a", "b", None, pd.NA]),
        pd.Series(["a", "b", None, None], dtype="category"),
    ],
    ids=["array", "series", "categorical"],
)
def test_it_reads_categories_however_they_are_held(values: object) -> None:
    found = stability.category_bins(values)

    assert (found.categories, found.counts) == (("a", "b"), (1, 1, 0, 2))


@given(
    values=st.lists(st.one_of(st.just(NAN), st.floats(-5, 5)), min_size=1, max_size=60),
    bins=st.integers(2, 12),
)
def test_it_finds_a_sample_stable_against_itself(values: list[float], bins: int) -> None:
    reference = stability.number_bins(values, bins=bins)

    found = stability.number_stability(reference, values)

    assert sum(reference.counts) == len(values)
    assert len(reference.labels) == len(reference.counts) <= bins + 1
    assert found.psi == 0
    assert all(each.expected > 0 for each in found.bins)


def test_it_tells_how_many_points_a_characteristic_moved_the_score() -> None:
    found = stability.points_shift([0.5, 0.5], [0.4, 0.6], [10, 30])

    assert found == pytest.approx(2.0)
    with pytest.raises(ValueError, match="same bins"):
        stability.points_shift([0.5, 0.5], [1.0], [10, 30])


@pytest.mark.parametrize(
    ("values", "bins", "why"),
    [
        ([], 10, "at least one value"),
        ([1.0, math.inf], 10, "infinite"),
        ([1.0], 1, "at least two bins"),
        ([[1.0]], 10, "at least one value"),
    ],
)
def test_it_refuses_samples_it_cannot_bin(values: list[float], bins: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        stability.number_bins(values, bins=bins)


def test_it_refuses_counts_of_nobody_and_of_other_bins() -> None:
    with pytest.raises(ValueError, match="at least one person"):
        stability.stability(["a"], [0], [1])
    with pytest.raises(ValueError, match="same bins"):
        stability.stability(["a"], [1], [1, 2])
    with pytest.raises(ValueError, match="at least one value"):
        stability.category_bins([])
