"""Categories by the bad rate of their past: a smoothed number for features with many levels.

A tree that may split on hundreds of postal areas learns names, not risk. So such a category is
replaced by its log-odds of bad, drawn towards the portfolio's rate with the weight of
`prior_weight` loans. While learning, a row's number comes from other rows only (out of fold), or
the outcome would be its own feature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold

from ml.schema import Schema

Floats = npt.NDArray[np.float64]

_FOLDS = 5


@dataclass(frozen=True)
class TargetStatistics:
    """The number of each category, by the feature's position; missing stays missing."""

    levels: Mapping[int, tuple[float, ...]]

    def apply(self, matrix: Floats) -> Floats:
        """Return a copy of the matrix with the categories as numbers."""
        encoded = matrix.copy()
        for position, numbers in self.levels.items():
            encoded[:, position] = _looked_up(matrix[:, position], np.array(numbers))
        return encoded

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON values."""
        return {str(position): list(numbers) for position, numbers in self.levels.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TargetStatistics":
        """Return the table that `to_dict` wrote."""
        return cls({int(key): tuple(map(float, numbers)) for key, numbers in data.items()})


@dataclass(frozen=True)
class Learned:
    """The table for later rows, and the training rows encoded without their own outcomes."""

    statistics: TargetStatistics
    matrix: Floats


def positions_of(schema: Schema, *, least_categories: int) -> tuple[int, ...]:
    """Return the positions of the categories with at least so many levels."""
    return tuple(
        position
        for position, feature in enumerate(schema.features)
        if len(feature.categories) >= least_categories
    )


def learn(
    matrix: Floats,
    bad: Floats,
    *,
    schema: Schema,
    positions: Sequence[int],
    prior_weight: float,
    seed: int,
    weight: Floats | None = None,
) -> Learned:
    """Return the statistics of all rows, and the rows themselves encoded out of fold."""
    counted = np.ones(len(bad)) if weight is None else weight
    sizes = {position: len(schema.features[position].categories) for position in positions}
    encoded = matrix.copy()
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(matrix, bad)
    for seen, unseen in folds if positions else ():
        for position, size in sizes.items():
            rows = _Rows(matrix[seen, position], bad[seen], counted[seen])
            numbers = _numbers(rows, size, prior_weight)
            encoded[unseen, position] = _looked_up(matrix[unseen, position], numbers)
    levels = {
        position: tuple(
            _numbers(_Rows(matrix[:, position], bad, counted), size, prior_weight).tolist()
        )
        for position, size in sizes.items()
    }
    return Learned(TargetStatistics(levels), encoded)


@dataclass(frozen=True, eq=False)
class _Rows:
    codes: Floats
    bad: Floats
    weight: Floats


def _numbers(rows: _Rows, size: int, prior_weight: float) -> Floats:
    given = ~np.isnan(rows.codes)
    positions = rows.codes[given].astype(int)
    counts = np.bincount(positions, weights=rows.weight[given], minlength=size)
    bads = np.bincount(positions, weights=(rows.weight * rows.bad)[given], minlength=size)
    rate = float(np.average(rows.bad, weights=rows.weight))
    smoothed = (bads + prior_weight * rate) / (counts + prior_weight)
    odds: Floats = np.log(smoothed) - np.log1p(-smoothed)
    return odds


def _looked_up(codes: Floats, numbers: Floats) -> Floats:
    missing = np.isnan(codes)
    found = numbers[np.where(missing, 0, codes).astype(int)]
    return np.where(missing, np.nan, found)
