"""What one feature alone says about the outcome, for the leakage detector.

A feature's levels are its categories, or equal-count intervals of its numbers, and missing as a
level of its own; level 0 is missing, the others count from 1. `bad` is 1.0 or 0.0.
"""

import lightgbm
import numpy as np
import numpy.typing as npt
from scipy import stats

from ml import metrics
from ml.schema import Feature

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int_]

FOLDS = 5
ROWS_PER_LEVEL = 50
MOST_LEVELS = 20
FEWEST_IN_A_LEVEL = 30
_LEVELS_THAT_REPEAT = 10
_DENSE = 10
_STEADY = 0.99


def levels(feature: Feature, column: Floats) -> Positions:
    """Return each row's level; numbers get one per 50 rows, at least 2 and at most 20."""
    found = np.zeros(len(column), dtype=np.int_)
    known = ~np.isnan(column)
    if not known.any():
        return found
    if feature.kind in ("category", "boolean"):
        found[known] = 1 + column[known].astype(np.int_)
        return found
    parts = min(max(len(column) // ROWS_PER_LEVEL, 2), MOST_LEVELS)
    shares = np.arange(1, parts) / parts
    edges = np.unique(np.quantile(column[known], shares, method="lower"))
    found[known] = 1 + np.searchsorted(edges, column[known], side="left")
    return found


def stratified_folds(bad: Floats, seed: int) -> Positions:
    """Return the fold of each row, drawn so that every fold has the same bad rate."""
    fold = np.empty(len(bad), dtype=np.int_)
    chance = np.random.default_rng(seed)
    for outcome in (0, 1):
        rows = np.flatnonzero(bad == outcome)
        fold[rows] = chance.permutation(np.arange(len(rows)) % FOLDS)
    return fold


def out_of_fold_auc(level: Positions, bad: Floats, fold: Positions) -> float:
    """Return the AUC of the bad rate that the other folds show for each row's level.

    The rate leans on the other folds' overall rate with the weight of one row.
    """
    size = int(level.max()) + 1
    cell = fold * size + level
    n = np.bincount(cell, minlength=FOLDS * size).reshape(FOLDS, size)
    bads = np.bincount(cell, weights=bad, minlength=FOLDS * size).reshape(FOLDS, size)
    others, bads_of_others = n.sum(axis=0) - n, bads.sum(axis=0) - bads
    overall = bads_of_others.sum(axis=1) / others.sum(axis=1)
    rate = (bads_of_others + overall[:, np.newaxis]) / (others + 1)
    return _auc(rate[fold, level], bad)


def rank_auc(column: Floats, bad: Floats) -> float:
    """Return the AUC of a number's own order in its better direction.

    Missing values go to whichever end separates more. A constant orders nothing: 0.5. One sort
    of the known values serves both ends: a pair with one missing value is won or lost by the end.
    """
    missing = np.isnan(column)
    bads, goods = float(bad.sum()), float(len(bad) - bad.sum())
    bads_gone, goods_gone = float(bad[missing].sum()), float((1 - bad[missing]).sum())
    bads_known, goods_known = bads - bads_gone, goods - goods_gone
    among_known = 0.0
    if bads_known and goods_known:
        among_known = _auc(column[~missing], bad[~missing]) * bads_known * goods_known
    ties = bads_gone * goods_gone / 2
    lowest = (among_known + bads_known * goods_gone + ties) / (bads * goods)
    highest = (among_known + bads_gone * goods_known + ties) / (bads * goods)
    return max(lowest, 1 - lowest, highest, 1 - highest)


def information_value(level: Positions, bad: Floats) -> float:
    """Return the information value over levels. Rule book 9.10.

    Levels of fewer than 30 rows, or than 1 % of them, are pooled, because many small ones show
    a value by chance; half a row is added to each class so that a pure level has a weight.
    """
    n = np.bincount(level)
    small = n < max(FEWEST_IN_A_LEVEL, 0.01 * len(level))
    pooled = np.where(small[level], len(n), level)
    bads: Floats = np.bincount(pooled, weights=bad, minlength=len(n) + 1).astype(np.float64)
    goods: Floats = np.bincount(pooled, weights=1 - bad, minlength=len(n) + 1).astype(np.float64)
    used = bads + goods > 0
    half: Floats = np.full(int(used.sum()), 0.5)
    return metrics.weight_of_evidence(goods=goods[used] + half, bads=bads[used] + half).iv


def mixed_share(level: Positions, bad: Floats) -> float | None:
    """Return the rows in the minority of their level, as a fraction of the rarer class.

    0 where every level has one outcome. None where levels hold fewer than ten rows on average.
    """
    bads = np.bincount(level, weights=bad)
    goods = np.bincount(level, weights=1 - bad)
    if ((bads + goods) > 0).sum() * _LEVELS_THAT_REPEAT > len(bad):
        return None
    return float(np.minimum(bads, goods).sum() / min(bads.sum(), goods.sum()))


def counts_rows(column: Floats) -> bool:
    """Say whether distinct values look like row numbers: whole, and dense or in file order.

    Whole numbers drawn from a range ten times their count repeat almost surely (the birthday
    problem: at 200 rows with probability 1 - e^-10), so amounts and incomes are not taken for
    numbering.
    """
    if (column != np.floor(column)).any():
        return False
    if column.max() - column.min() <= _DENSE * len(column):
        return True
    in_file_order = stats.spearmanr(np.arange(len(column)), column).statistic
    return bool(abs(in_file_order) >= _STEADY)


def order_p_value(column: Floats, bad: Floats) -> float:
    """Return how likely chance alone orders the outcomes so: Mann and Whitney, two-sided."""
    test = stats.mannwhitneyu(column[bad == 1], column[bad == 0], method="asymptotic")
    return float(test.pvalue)


def joint_auc(matrix: Floats, bad: Floats, seed: int) -> tuple[float, Floats]:
    """Return the out-of-fold AUC of a small tree model and each column's part of its gain."""
    parameters = {
        "objective": "binary",
        "learning_rate": 0.15,
        "num_leaves": 8,
        "min_child_samples": 20,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    fold = stratified_folds(bad, seed)
    scores, gains = np.empty(len(bad)), np.zeros(matrix.shape[1])
    for number in range(FOLDS):
        held_out = fold == number
        training = lightgbm.Dataset(
            matrix[~held_out], label=bad[~held_out], params={"verbosity": -1, "num_threads": 1}
        )
        booster = lightgbm.train(parameters, training, num_boost_round=60)
        scores[held_out] = booster.predict(matrix[held_out], raw_score=True, num_threads=1)
        gains += booster.feature_importance("gain")
    return _auc(scores, bad), gains


def _auc(scores: Floats, bad: Floats) -> float:
    area = metrics.auc(scores, bad)
    if area is None:
        raise ValueError("All outcomes are the same, so nothing can be told apart.")
    return area
