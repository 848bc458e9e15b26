"""What a model has learned and why it says what it says, from its exact attributions.

`attribute(model, matrix)` computes the attributions once; every other view reads them. All
figures are in the unit of the margin, log-odds of bad: positive raises the risk. Results are
frozen dataclasses of plain values, so `dataclasses.asdict` of one is ready for JSON.

The interval of a mean absolute attribution is mean +- z x standard deviation / sqrt(rows), cut
off at 0. The source of the measures: Lundberg et al., "From local explanations to global
understanding with explainable AI for trees", Nature Machine Intelligence 2 (2020).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from ml._attributions import ADDITIVITY_TOLERANCE, Attributions, attribute
from ml._effects import (
    Dependence,
    EffectConfig,
    PartialDependence,
    PermutationDrop,
    Response,
    dependence,
    partial_dependence,
    permutation_importance,
)
from ml._interactions import (
    FriedmanConfig,
    FriedmanH,
    Interaction,
    friedman_h,
    interaction_strengths,
    tree_interactions,
)
from ml._plot_data import Beeswarm, Step, Swarm, Waterfall, beeswarm, waterfall
from ml.estimator import Fitted

__all__ = [
    "ADDITIVITY_TOLERANCE",
    "Attributions",
    "Beeswarm",
    "Dependence",
    "Direction",
    "EffectConfig",
    "FriedmanConfig",
    "FriedmanH",
    "Importance",
    "Interaction",
    "PartialDependence",
    "PermutationDrop",
    "Response",
    "Step",
    "Swarm",
    "Waterfall",
    "additivity_error",
    "attribute",
    "beeswarm",
    "dependence",
    "directions",
    "friedman_h",
    "global_importance",
    "group_importance",
    "grouping_error",
    "importance_agreement",
    "interaction_strengths",
    "partial_dependence",
    "permutation_importance",
    "rank_correlation",
    "top_factors",
    "tree_interactions",
    "waterfall",
]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int_]


@dataclass(frozen=True, kw_only=True)
class Importance:
    """How far a feature or reason group moves the margin on average, whatever the direction.

    `low` and `high` bound the mean of the population the rows came from; they are None for a
    single row. `share` is the part of the sum over all; None where nothing moves the margin.
    """

    name: str
    mean_absolute: float
    low: float | None
    high: float | None
    share: float | None


@dataclass(frozen=True, kw_only=True)
class Direction:
    """Which way a feature works, beside what its schema expects (+1 higher is riskier).

    `correlation` is Spearman's, of value and attribution over the rows that have a value; None
    for a category, and where value or attribution never changes. `agrees` is None where there is
    no expectation or no correlation. `missing_mean` is the mean attribution of rows without a
    value. `riskiest` and `safest` name the categories with the highest and lowest mean.
    """

    name: str
    expected: int
    correlation: float | None
    agrees: bool | None
    missing_mean: float | None
    riskiest: str | None
    safest: str | None


def global_importance(
    attributions: Attributions, *, confidence: float = 0.95
) -> tuple[Importance, ...]:
    """Return every feature's importance, greatest first; equal ones in declared order."""
    return _importance(attributions.schema.names, attributions.values, confidence)


def group_importance(
    attributions: Attributions, *, confidence: float = 0.95
) -> tuple[Importance, ...]:
    """Return every reason group's importance: of the sum of its features in each row.

    Features of one group that cancel each other count as little, so shares differ from sums of
    the features' shares.
    """
    names, summed = attributions.grouped()
    return _importance(names, summed, confidence)


def directions(attributions: Attributions) -> tuple[Direction, ...]:
    """Return which way each feature works, in declared order."""
    return tuple(
        _direction(attributions, position) for position in range(len(attributions.schema.names))
    )


def top_factors(
    attributions: Attributions, *, most: int, adverse_only: bool = False
) -> tuple[tuple[str, ...], ...]:
    """Return each row's features that move its margin most, greatest first.

    With `adverse_only` those that raise the risk; fewer come back where fewer do. A feature that
    moves nothing is never named; equal ones keep the declared order.
    """
    sizes = attributions.values if adverse_only else np.abs(attributions.values)
    order = np.argsort(-sizes, axis=1, kind="stable")[:, :most]
    names = attributions.schema.names
    return tuple(
        tuple(names[position] for position in row if size[position] > 0)
        for row, size in zip(order.tolist(), sizes.tolist(), strict=True)
    )


def additivity_error(model: Fitted, matrix: Floats, *, threads: int = 1) -> float:
    """Return the largest |sum of contributions - margin| over the rows; 1e-6 is the promise."""
    if not len(matrix):
        raise ValueError("There are no rows to explain.")
    shares = model.contributions(matrix, threads=threads)
    return float(np.abs(shares.sum(axis=1) - model.margins(matrix, threads=threads)).max())


def grouping_error(attributions: Attributions) -> float:
    """Return the largest |base + sum over groups - margin| over the rows."""
    _, summed = attributions.grouped()
    total = attributions.base + summed.sum(axis=1)
    return float(np.abs(total - attributions.margins).max())


def importance_agreement(
    importances: tuple[Importance, ...], drops: tuple[PermutationDrop, ...]
) -> float | None:
    """Return Spearman's correlation of two importances of the same names; None if undefined."""
    by_name = {drop.name: drop.auc_drop for drop in drops}
    if by_name.keys() != {each.name for each in importances}:
        raise ValueError("The two importances are not of the same features.")
    paired = [(each.mean_absolute, by_name[each.name]) for each in importances]
    known = [(size, drop) for size, drop in paired if drop is not None]
    first, second = np.array(known, dtype=np.float64).reshape(-1, 2).T
    return rank_correlation(first, second)


def rank_correlation(first: Floats, second: Floats) -> float | None:
    """Return Spearman's rank correlation; None for fewer than two pairs or a constant side."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(stats.spearmanr(first, second).statistic)


def _importance(
    names: tuple[str, ...], values: Floats, confidence: float
) -> tuple[Importance, ...]:
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence must lie between 0 and 1 (got {confidence!r}).")
    sizes = np.abs(values)
    means = sizes.mean(axis=0)
    half = _half_widths(sizes, confidence)
    total = float(means.sum())
    found = [
        Importance(
            name=names[position],
            mean_absolute=float(means[position]),
            low=None if half is None else max(0.0, float(means[position] - half[position])),
            high=None if half is None else float(means[position] + half[position]),
            share=None if total == 0 else float(means[position]) / total,
        )
        for position in np.argsort(-means, kind="stable").tolist()
    ]
    return tuple(found)


def _half_widths(sizes: Floats, confidence: float) -> Floats | None:
    rows = len(sizes)
    if rows == 1:
        return None
    z = float(special.ndtri((1 + confidence) / 2))
    half: Floats = z * sizes.std(axis=0, ddof=1) / math.sqrt(rows)
    return half


def _direction(attributions: Attributions, position: int) -> Direction:
    feature = attributions.schema.features[position]
    codes, shares = attributions.matrix[:, position], attributions.values[:, position]
    known = ~np.isnan(codes)
    correlation = None
    riskiest = safest = None
    if feature.kind == "category":
        riskiest, safest = _extremes(feature.categories, codes[known], shares[known])
    else:
        correlation = rank_correlation(codes[known], shares[known])
    expects = feature.direction != 0 and correlation is not None
    return Direction(
        name=feature.name,
        expected=feature.direction,
        correlation=correlation,
        agrees=(correlation or 0.0) * feature.direction > 0 if expects else None,
        missing_mean=None if known.all() else float(shares[~known].mean()),
        riskiest=riskiest,
        safest=safest,
    )


def _extremes(
    categories: tuple[str, ...], codes: Floats, shares: Floats
) -> tuple[str | None, str | None]:
    """Return the categories of the highest and the lowest mean attribution among those seen."""
    if not len(codes):
        return None, None
    seen, places = np.unique(codes.astype(np.int_), return_inverse=True)
    means = np.bincount(places, weights=shares) / np.bincount(places)
    return categories[seen[means.argmax()]], categories[seen[means.argmin()]]
