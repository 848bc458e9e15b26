"""Bins as they serve: one lookup for one value and for many, the same as text, honest refusals."""

import json
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import _cuts, binning
from ml.binning import Bin, Binning, BinningConfig
from ml.schema import Schema
from ml.tests.test_binning import AMOUNT, NAN, RISKIER, SECTOR, noisy, rows

Floats = npt.NDArray[np.float64]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_it_looks_up_one_value_as_it_does_many(seed: int, data: st.DataObject) -> None:
    config = BinningConfig(specials=(("amount", (0.0, 1.0)),))
    found = binning.bin_feature(AMOUNT, *noisy(seed), config=config)
    values = data.draw(
        st.lists(
            st.one_of(
                st.floats(-4, 4), st.sampled_from([0.0, 1.0, NAN, *found.edges, -1e308, 1e308])
            ),
            min_size=1,
            max_size=30,
        )
    )

    together = found.positions(np.array(values))

    assert together.tolist() == [found.position_of(value) for value in values]


def test_it_transforms_a_whole_matrix_and_one_row_alike() -> None:
    schema = Schema("s", 1, (AMOUNT, SECTOR, RISKIER))
    rng = np.random.default_rng(2)
    matrix = np.column_stack([noisy(1)[0], rng.integers(0, 4, 600), noisy(2)[0]]).astype(float)
    matrix[::7, 0] = NAN
    found = binning.bin_matrix(schema, matrix, noisy(1)[1])

    weights = binning.woe_matrix(found, matrix)

    assert weights.shape == matrix.shape
    assert weights.tolist() == [binning.woe_row(found, row) for row in matrix.tolist()]
    assert [item.feature for item in found] == list(schema.names)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_it_comes_back_from_json_unchanged(seed: int) -> None:
    column, bad = noisy(seed)
    column[::9] = NAN
    found = binning.bin_feature(AMOUNT, column, bad)

    text = json.dumps(found.to_dict(), allow_nan=False)

    assert Binning.from_dict(json.loads(text)) == found


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"edges": [2.0, 1.0]}, "do not fit"),
        ({"edges": [NAN]}, "is nan"),
        ({"edges": ["x"]}, "could not convert"),
        ({"bins": []}, "do not fit"),
        ({"bins": None}, "not the bins of a feature"),
        ({"shape": "wavy"}, "unknown"),
        ({"feature": None, "edges": []}, "do not fit"),
    ],
)
def test_it_refuses_json_that_is_no_binning(change: dict[str, object], why: str) -> None:
    column, bad = rows([300, 500], [60, 30], [1, 2])
    good = binning.bin_feature(AMOUNT, column, bad).to_dict()

    with pytest.raises(ValueError, match=why):
        Binning.from_dict(good | change)


def test_it_refuses_edges_that_do_not_rise_and_bins_out_of_order() -> None:
    part = Bin(kind="interval", label="", n=1, bads=0, woe=0, iv=0)
    missing = Bin(kind="missing", label="", n=1, bads=0, woe=0, iv=0)

    with pytest.raises(ValueError, match="do not rise"):
        Binning("x", "free", (2.0, 2.0), (part, part, part))
    with pytest.raises(ValueError, match="do not fit"):
        Binning("x", "free", (), (missing, part))
    with pytest.raises(ValueError, match="kind of bin"):
        Binning.from_dict({"feature": "x", "shape": "free", "edges": [], "bins": [{"kind": "odd"}]})


@pytest.mark.parametrize(
    ("column", "bad", "why"),
    [
        (np.zeros(4), np.zeros(4), "good and bad"),
        (np.zeros(4), np.ones(4), "good and bad"),
        (np.zeros(0), np.zeros(0), "good and bad"),
        (np.zeros(3), np.array([0.0, 1.0]), "different lengths"),
        (np.array([1.0, np.inf]), np.array([0.0, 1.0]), "infinite"),
    ],
)
def test_it_refuses_what_has_no_weight_of_evidence(column: Floats, bad: Floats, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        binning.bin_feature(AMOUNT, column, bad)


@pytest.mark.parametrize(
    "broken",
    [
        {"shape": "round"},
        {"min_share": 0.5},
        {"min_share": -0.1},
        {"min_rows": -1},
        {"max_bins": 1},
        {"prebins": 1},
        {"significance": 0},
        {"smoothing": 0},
        {"rare_share": 0.5},
        {"specials": (("amount", (NAN,)),)},
    ],
)
def test_it_refuses_a_configuration_that_makes_no_bins(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(broken))} cannot be"):
        BinningConfig(**broken)


@pytest.mark.parametrize(
    ("low", "high", "cut"),
    [
        (19.0, 23.0, 20),
        (990.0, 1010.0, 1000),
        (-0.3, 0.7, 0),
        (0.29999, 0.30001, 0.3),
        (7.0, 8.0, 8),
        (0.1234, 0.1239, 0.1235),
        (1.0, math.nextafter(1.0, 2), math.nextafter(1.0, 2)),
        (-1e308, 1e308, 1e308),
    ],
)
def test_it_cuts_at_a_number_that_can_be_read(low: float, high: float, cut: float) -> None:
    assert _cuts.shortest_between(low, high) == cut


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_it_always_cuts_between_the_two_values(a: float, b: float) -> None:
    low, high = sorted((a, b))

    if low < high:
        assert low < _cuts.shortest_between(low, high) <= high
