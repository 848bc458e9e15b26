"""Categories with many levels become numbers that never tell a row its own outcome."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.model_selection import StratifiedKFold

from ml import metrics, target_statistics
from ml.schema import Feature, Schema
from ml.target_statistics import Learned, TargetStatistics

Floats = npt.NDArray[np.float64]


def areas(levels: int) -> Schema:
    """Return a schema of a number and a category with so many levels."""
    return Schema(
        "areas",
        1,
        (
            Feature("amount", "number", group="amount"),
            Feature(
                "area",
                "category",
                group="area",
                categories=tuple(f"a{number}" for number in range(levels)),
                missing="allowed",
                missing_meaning="Not stated.",
            ),
        ),
    )


def learned(codes: Floats, bad: Floats, *, levels: int, prior_weight: float = 50) -> Learned:
    return target_statistics.learn(
        np.column_stack([np.arange(len(codes), dtype=np.float64), codes]),
        bad,
        schema=areas(levels),
        positions=[1],
        prior_weight=prior_weight,
        seed=3,
    )


def log_odds(rate: float) -> float:
    return math.log(rate / (1 - rate))


def test_it_smooths_a_level_towards_the_portfolio() -> None:
    """100 rows, 25 bad: 8 of 20 in the first level, 17 of 80 in the second, none in the third."""
    codes = np.repeat([0.0, 1.0], [20, 80])
    bad = np.zeros(100)
    bad[:8] = bad[20:37] = 1

    found = learned(codes, bad, levels=3, prior_weight=10).statistics

    rates = ((8 + 10 * 0.25) / 30, (17 + 10 * 0.25) / 90, 0.25)
    assert found.levels == {1: pytest.approx([log_odds(rate) for rate in rates])}


def test_it_encodes_a_row_from_other_folds_only() -> None:
    rng = np.random.default_rng(5)
    codes, bad = rng.integers(0, 4, 300).astype(float), (rng.random(300) < 0.3).astype(float)

    found = learned(codes, bad, levels=4, prior_weight=20)

    for seen, unseen in StratifiedKFold(5, shuffle=True, random_state=3).split(codes, bad):
        rate = bad[seen].mean()
        for code in range(4):
            rows = seen[codes[seen] == code]
            smoothed = (bad[rows].sum() + 20 * rate) / (len(rows) + 20)
            encoded = found.matrix[unseen[codes[unseen] == code], 1]
            assert encoded == pytest.approx(log_odds(smoothed))
    assert found.matrix[:, 0].tolist() == list(range(300))


def test_it_tells_nobody_their_own_outcome() -> None:
    """Every row has a level of its own: the table knows each outcome, the training rows do not."""
    rng = np.random.default_rng(6)
    bad = (rng.random(400) < 0.3).astype(float)

    found = learned(np.arange(400.0), bad, levels=400, prior_weight=1)

    leaked = np.array(found.statistics.levels[1])
    assert metrics.auc(leaked, bad) == 1
    assert metrics.auc(found.matrix[:, 1], bad) == pytest.approx(0.5, abs=0.1)
    assert len(np.unique(found.matrix[:, 1])) <= 5


def test_it_leaves_missing_missing() -> None:
    codes = np.repeat([0.0, 1.0, np.nan], 100)
    bad = np.tile([1.0, 0.0, 0.0, 0.0], 75)

    found = learned(codes, bad, levels=2)

    assert np.isnan(found.matrix[200:, 1]).all()
    assert not np.isnan(found.matrix[:200]).any()
    applied = found.statistics.apply(np.array([[7.0, np.nan], [7.0, 1.0]]))
    assert np.isnan(applied[0, 1])
    assert applied[1].tolist() == [7.0, found.statistics.levels[1][1]]


def test_it_changes_no_matrix_it_is_given() -> None:
    matrix = np.array([[1.0, 0.0], [2.0, 1.0]])

    TargetStatistics({1: (-1.0, -2.0)}).apply(matrix)

    assert matrix.tolist() == [[1.0, 0.0], [2.0, 1.0]]


@pytest.mark.parametrize(("least", "positions"), [(2, (1,)), (30, (1,)), (31, ())])
def test_it_takes_categories_with_many_levels_only(least: int, positions: tuple[int, ...]) -> None:
    assert target_statistics.positions_of(areas(30), least_categories=least) == positions


def test_it_leaves_rows_alone_where_no_category_has_many_levels() -> None:
    matrix = np.array([[1.0, 0.0], [2.0, 1.0]] * 50)

    found = target_statistics.learn(
        matrix,
        np.tile([0.0, 1.0], 50),
        schema=areas(2),
        positions=(),
        prior_weight=50,
        seed=1,
    )

    assert found.statistics.levels == {}
    assert found.matrix.tolist() == matrix.tolist()


def test_it_comes_back_as_it_went() -> None:
    table = TargetStatistics({1: (-2.5, -0.1), 4: (0.25,)})

    assert TargetStatistics.from_dict(table.to_dict()) == table
    assert TargetStatistics.from_dict({}) == TargetStatistics({})
