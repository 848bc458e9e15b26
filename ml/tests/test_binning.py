"""Binning: oracles of the rule book, shapes that hold, and what happens to the never seen."""

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import binning, metrics
from ml.binning import NEUTRAL, Binning, BinningConfig
from ml.schema import Feature

Floats = npt.NDArray[np.float64]

AMOUNT = Feature("amount", "number", group="g", missing="allowed", missing_meaning="not given")
RISKIER = Feature("debt", "number", group="g", direction=1)
SECTOR = Feature("sector", "category", group="g", categories=("farm", "shop", "craft", "other"))
EXACT = BinningConfig(min_share=0, min_rows=0, rare_share=0)
NAN = math.nan


def rows(goods: list[int], bads: list[int], values: list[float]) -> tuple[Floats, Floats]:
    """Return a column and outcomes with these counts at these values."""
    column = np.repeat(values * 2, goods + bads).astype(float)
    bad = np.repeat([0.0, 1.0], [sum(goods), sum(bads)])
    return column, bad


def rates(found: Binning, kind: str = "interval") -> list[float]:
    return [part.bad_rate for part in found.bins if part.kind == kind]


def noisy(seed: int, rows: int = 600) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    column = np.round(rng.normal(size=rows), int(rng.integers(0, 4)))
    risk = 1 / (1 + np.exp(1 - rng.normal() * column + rng.normal() * np.sin(3 * column)))
    return column, (rng.random(rows) < risk).astype(float)


def test_it_weighs_evidence_as_the_rule_book_does_9_10_t1() -> None:
    column, bad = rows([300, 500, 200], [60, 30, 10], [1, 2, 3])

    found = binning.bin_feature(AMOUNT, column, bad)

    ordinary = found.bins[:3]
    assert [part.woe for part in ordinary] == pytest.approx(
        [-0.6931471806, 0.5108256238, 0.6931471806], abs=1e-10
    )
    assert [part.iv for part in ordinary] == pytest.approx(
        [0.2079441542, 0.1021651248, 0.0693147181], abs=1e-10
    )
    assert found.iv == pytest.approx(0.379423997, abs=1e-9)
    assert [(part.n, part.bads) for part in ordinary] == [(360, 60), (530, 30), (210, 10)]
    assert found.shape == "descending"


@pytest.mark.parametrize(
    ("iv", "band"),
    [
        (0.0199, "none"),
        (0.02, "weak"),
        (0.0999, "weak"),
        (0.1, "medium"),
        (0.3, "strong"),
        (0.5, "strong"),
        (0.5001, "suspicious"),
    ],
)
def test_it_names_the_bands_of_information_9_10(iv: float, band: str) -> None:
    assert binning.iv_band(iv) == band


def test_it_agrees_with_the_library_s_own_weights_of_evidence() -> None:
    column, bad = noisy(3)

    found = binning.bin_feature(RISKIER, column, bad)

    counted = metrics.weight_of_evidence(
        goods=[part.n - part.bads for part in found.bins], bads=[part.bads for part in found.bins]
    )
    assert [part.woe for part in found.bins] == pytest.approx(counted.woe)
    assert found.iv == pytest.approx(counted.iv)


def test_it_cuts_where_the_risk_changes() -> None:
    column = np.arange(1000.0)
    bad = np.where(column < 400, column % 10 == 0, column % 2 == 0).astype(float)

    found = binning.bin_feature(AMOUNT, column, bad, config=BinningConfig(significance=0.001))

    assert found.edges == (400,)
    assert rates(found) == [0.1, 0.5]
    assert [part.label for part in found.bins] == [
        "below 400",
        "400 and above",
        "missing (never seen in training)",
    ]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), direction=st.sampled_from([-1, 1]))
def test_it_never_turns_a_declared_direction(seed: int, direction: int) -> None:
    feature = Feature("x", "number", group="g", direction=direction)

    found = binning.bin_feature(feature, *noisy(seed))

    weights = [part.woe for part in found.bins]
    assert all(direction * (before - after) > 0 for before, after in pairwise(weights))
    assert found.shape in {"ascending" if direction > 0 else "descending", "constant"}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.sampled_from([0.02, 0.1, 0.3]))
def test_it_keeps_every_row_once_and_every_interval_large_enough(seed: int, share: float) -> None:
    column, bad = noisy(seed)

    found = binning.bin_feature(AMOUNT, column, bad, config=BinningConfig(min_share=share))

    seen = np.bincount(found.positions(column), minlength=len(found.bins))
    assert seen.tolist() == [part.n for part in found.bins]
    assert sum(part.bads for part in found.bins) == bad.sum()
    assert min(part.n for part in found.bins[:-1]) >= share * len(column)
    assert all(part.iv >= 0 for part in found.bins)
    assert found.mean_woe == pytest.approx(found.transform(column).mean(), abs=1e-12)


def test_it_takes_the_direction_that_says_more_where_none_is_declared() -> None:
    column = np.arange(2000.0)
    bad = (np.random.default_rng(0).random(2000) < 0.5 - column / 5000).astype(float)
    config = BinningConfig(shape="monotone")

    falling = binning.bin_feature(AMOUNT, column, bad, config=config)
    rising = binning.bin_feature(AMOUNT, -column, bad, config=config)

    assert (falling.shape, rising.shape) == ("descending", "ascending")
    assert rates(falling) == sorted(rates(falling), reverse=True)
    assert rates(rising) == sorted(rates(rising))


def wave(risks: list[float]) -> tuple[Floats, Floats]:
    """Return 500 rows at each of the values 0, 1, ... with exactly these bad rates."""
    bads = [round(500 * risk) for risk in risks]
    return rows([500 - count for count in bads], bads, list(map(float, range(len(risks)))))


@pytest.mark.parametrize(
    ("risks", "shape"),
    [
        ([0.1, 0.2, 0.3, 0.4, 0.5], "ascending"),
        ([0.1, 0.3, 0.5, 0.3, 0.1], "peak"),
        ([0.5, 0.3, 0.1, 0.3, 0.5], "valley"),
        ([0.1, 0.5, 0.1, 0.5, 0.1], "free"),
        ([0.2, 0.22, 0.2, 0.22, 0.2], "ascending"),
        ([0.1, 0.2, 0.3, 0.24], "ascending"),  # the fall is significant, but not worth a bin
    ],
)
def test_it_leaves_monotone_only_for_a_shape_that_is_much_better(
    risks: list[float], shape: str
) -> None:
    column, bad = wave(risks)

    found = binning.bin_feature(AMOUNT, column, bad)

    assert found.shape == shape
    if shape != "ascending":
        assert rates(found) == pytest.approx(risks)


def test_it_stays_monotone_or_goes_free_when_told_to() -> None:
    column, bad = wave([0.1, 0.3, 0.5, 0.3, 0.1])

    ordered = binning.bin_feature(AMOUNT, column, bad, config=BinningConfig(shape="monotone"))
    free = binning.bin_feature(AMOUNT, column, bad, config=BinningConfig(shape="free"))

    assert rates(ordered) == pytest.approx([0.1, 0.3])
    assert (free.shape, rates(free)) == ("free", pytest.approx([0.1, 0.3, 0.5, 0.3, 0.1]))


def test_it_merges_neighbours_that_do_not_differ() -> None:
    column, bad = wave([0.1, 0.11, 0.3, 0.31])

    kept = binning.bin_feature(RISKIER, column, bad)
    merged = binning.bin_feature(RISKIER, column, bad, config=BinningConfig(significance=0.05))

    assert rates(kept) == pytest.approx([0.1, 0.11, 0.3, 0.31])
    assert rates(merged) == pytest.approx([0.105, 0.305])


def test_it_makes_no_more_bins_than_allowed() -> None:
    column, bad = wave([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

    found = binning.bin_feature(RISKIER, column, bad, config=BinningConfig(max_bins=3))

    assert len(found.bins) == 3


def test_it_gives_missing_and_special_values_their_own_bins() -> None:
    column = np.repeat([1.0, 2.0, 999.0, NAN], 100)
    bad = np.concatenate([np.arange(100) < bads for bads in (10, 30, 50, 20)]).astype(float)
    config = BinningConfig(specials=(("amount", (999.0, -1.0)), ("other", (2.0,))))

    found = binning.bin_feature(AMOUNT, column, bad, config=config)

    assert [(part.label, part.n, part.bad_rate) for part in found.bins] == [
        ("below 2", 100, 0.1),
        ("2 and above", 100, 0.3),
        ("special value -1 (never seen in training)", 0, None),
        ("special value 999", 100, 0.5),
        ("missing", 100, 0.2),
    ]
    assert found.positions(np.array([NAN, 999, -1, 1.99, 2, 5000])).tolist() == [4, 3, 2, 0, 1, 1]
    assert found.bins[2].woe == found.bins[2].iv == 0


def test_it_holds_nothing_against_what_it_never_saw() -> None:
    column, bad = rows([30, 40, 30], [10, 5, 20], [0, 1, 2])

    number = binning.bin_feature(AMOUNT, column, bad)
    sector = binning.bin_feature(SECTOR, column, bad, config=EXACT)

    assert number.transform(np.array([NAN])).tolist() == [0]
    assert sector.transform(np.array([3.0])).tolist() == [0]
    assert sector.bins[-1].label == "other (never seen in training)"
    assert sector.positions(np.array([NAN, 4.0, -1.0])).tolist() == [NEUTRAL] * 3
    assert [sector.position_of(value) for value in (NAN, 4.0)] == [NEUTRAL] * 2
    assert sector.transform(np.array([NAN, 4.0])).tolist() == [0, 0]


def test_it_holds_nothing_against_anything_if_all_values_were_missing() -> None:
    bad = np.tile([0.0, 1.0], 50)

    number, sector = (
        binning.bin_feature(feature, np.full(100, NAN), bad) for feature in (AMOUNT, SECTOR)
    )

    assert number.iv == sector.iv == 0
    assert number.transform(np.array([5.0, NAN])).tolist() == [0, 0]
    assert sector.transform(np.array([2.0, NAN])).tolist() == [0, 0]


def test_it_gives_a_constant_column_one_bin_that_says_nothing() -> None:
    found = binning.bin_feature(RISKIER, np.full(100, 7.0), np.tile([0.0, 1.0], 50))

    assert (found.shape, found.iv, [part.woe for part in found.bins]) == ("constant", 0, [0])
    assert found.bins[0].label == "any value"


def test_it_draws_an_empty_class_towards_nothing_by_a_stated_rule() -> None:
    column, bad = rows([100, 300], [0, 100], [0, 1])
    config = BinningConfig(smoothing=10)

    found = binning.bin_feature(AMOUNT, column, bad, config=config)

    # Ten rows of the average, 8 good and 2 bad, join the 100 good ones.
    assert found.bins[0].woe == pytest.approx(math.log((108 / 400) / (2 / 100)))
    assert found.bins[1].woe == pytest.approx(math.log((300 / 400) / (100 / 100)))


def test_it_makes_no_interval_of_fewer_rows_than_it_was_told() -> None:
    column, bad = wave([0.1, 0.2, 0.3, 0.4])
    some = slice(0, None, 10)

    small = binning.bin_feature(RISKIER, column[some], bad[some], config=BinningConfig(min_rows=60))

    assert len(column[some]) == 200
    assert min(part.n for part in small.bins) >= 60
    assert len(binning.bin_feature(RISKIER, column[some], bad[some]).bins) == 4


def test_it_merges_categories_of_like_risk_riskiest_first() -> None:
    column, bad = rows([50, 90, 89, 60], [50, 10, 11, 40], [0, 1, 2, 3])

    found = binning.bin_feature(SECTOR, column, bad, config=BinningConfig(significance=0.05))

    assert [(part.label, part.values) for part in found.bins] == [
        ("farm, other", (0, 3)),
        ("shop, craft", (1, 2)),
    ]
    assert rates(found, "category") == pytest.approx([0.45, 0.105])
    assert found.positions(np.array([0.0, 1, 2, 3])).tolist() == [0, 1, 1, 0]


def test_it_takes_rare_categories_together_with_the_bucket_for_others() -> None:
    feature = Feature(
        "job", "category", group="g", categories=("a", "b", "rare", "other", "odd"), other="other"
    )
    column, bad = rows([300, 200, 0, 60, 5], [100, 20, 3, 20, 0], [0, 1, 2, 3, 4])

    found = binning.bin_feature(feature, column, bad)

    together = next(part for part in found.bins if 3.0 in part.values)
    assert {2.0, 3.0, 4.0} <= set(together.values)
    assert sum(part.n for part in found.bins) == len(column)


def test_it_reads_yes_and_no() -> None:
    feature = Feature("owner", "boolean", group="g", direction=-1)
    column, bad = rows([60, 90], [40, 10], [0, 1])

    found = binning.bin_feature(feature, column, bad)

    assert [part.label for part in found.bins] == ["no", "yes"]
    assert rates(found) == [0.4, 0.1]


def test_it_counts_a_weight_of_two_as_two_rows() -> None:
    column, bad = noisy(5)
    weight = np.where(np.arange(len(column)) % 3 == 0, 2.0, 1.0)
    config = BinningConfig(min_rows=0)

    weighted = binning.bin_feature(AMOUNT, column, bad, weight=weight, config=config)
    repeated = binning.bin_feature(
        AMOUNT,
        np.repeat(column, weight.astype(int)),
        np.repeat(bad, weight.astype(int)),
        config=config,
    )

    assert weighted == repeated


def test_it_does_not_depend_on_the_unit_even_of_large_amounts() -> None:
    column, bad = noisy(8)
    base = 1e12

    small = binning.bin_feature(AMOUNT, column, bad)
    large = binning.bin_feature(AMOUNT, base + column * 10, bad)

    assert small.positions(column).tolist() == large.positions(base + column * 10).tolist()


def test_it_cuts_many_distinct_values_as_well_as_few() -> None:
    rng = np.random.default_rng(1)
    column = rng.permutation(20_000).astype(float)
    bad = (rng.random(20_000) < np.where(column < 5000, 0.1, 0.3)).astype(float)

    found = binning.bin_feature(AMOUNT, column, bad, config=BinningConfig(significance=1e-6))

    assert len(found.edges) == 1
    assert found.edges[0] == pytest.approx(5000, abs=100)


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_optbinning_where_that_is_installed(seed: int) -> None:
    """IV within 10 % (both search for cuts, each in its own way) and the same direction."""
    optbinning = pytest.importorskip(
        "optbinning", reason="optbinning, the oracle of binning, is not installed."
    )
    rng = np.random.default_rng(seed)
    column = rng.normal(size=5000)
    slope = (-1) ** seed
    bad = (rng.random(5000) < 1 / (1 + np.exp(1.5 - slope * column))).astype(float)
    oracle = optbinning.OptimalBinning(
        name="amount",
        dtype="numerical",
        monotonic_trend="auto_asc_desc",
        max_n_prebins=20,
        min_prebin_size=0.05,
    )
    config = BinningConfig(shape="monotone", min_share=0.05, prebins=20, max_bins=20)

    oracle.fit(column, bad.astype(int))
    found = binning.bin_feature(AMOUNT, column, bad, config=config)

    oracle.binning_table.build()
    assert oracle.status == "OPTIMAL"
    assert found.iv == pytest.approx(float(oracle.binning_table.iv), rel=0.1)
    grid = np.linspace(-3, 3, 200)
    theirs, ours = oracle.transform(grid, metric="woe"), found.transform(grid)
    assert np.sign(theirs[-1] - theirs[0]) == np.sign(ours[-1] - ours[0]) == -slope
    assert (-slope * np.diff(ours) >= 0).all()
    assert (-slope * np.diff(theirs) >= -1e-12).all()
