"""How a sample lies in the bins of a baseline, as counts: added up part by part, kept as JSON.

A million applicants need not be in memory at once: each part is counted, the counts are added,
and `drift.of_tally` judges the sum as `drift.report` would judge all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import baseline as development
from ml.schema import Feature, Schema

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """One feature, or the score: how many in each bin, the last being those without a value.

    `out_of_range` lie outside the limits of the schema, `unseen` in no declared category.
    """

    bins: tuple[int, ...]
    out_of_range: int = 0
    unseen: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Return both together; ValueError where they have other bins."""
        return Counts(
            tuple(mine + theirs for mine, theirs in zip(self.bins, other.bins, strict=True)),
            self.out_of_range + other.out_of_range,
            self.unseen + other.unseen,
        )


@dataclass(frozen=True)
class Tally:
    """All features and the score of so many rows."""

    rows: int
    score: Counts
    features: Mapping[str, Counts]

    def __add__(self, other: "Tally") -> "Tally":
        """Return both samples together; ValueError where they were counted by other bins."""
        if self.features.keys() != other.features.keys():
            raise ValueError("Two tallies of different features cannot be added.")
        return Tally(
            self.rows + other.rows,
            self.score + other.score,
            {name: counts + other.features[name] for name, counts in self.features.items()},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON values; `from_dict` reads them back."""
        return {
            "rows": self.rows,
            "score": list(self.score.bins),
            "features": {
                name: [list(counts.bins), counts.out_of_range, counts.unseen]
                for name, counts in self.features.items()
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Tally":
        """Return what `to_dict` wrote."""
        return cls(
            int(data["rows"]),
            Counts(tuple(data["score"])),
            {
                name: Counts(tuple(bins), outside, unseen)
                for name, (bins, outside, unseen) in data["features"].items()
            },
        )


def of_sample(
    baseline: Mapping[str, Any],
    schema: Schema,
    matrix: Floats,
    scores: Floats,
    *,
    unseen: Mapping[str, int] | None = None,
) -> Tally:
    """Return the counts of encoded rows and their unrounded scores, which may be none at all.

    `unseen` counts per feature the categories put into the bucket for others. ValueError for
    another number of columns than the schema has, or of scores than rows.
    """
    if matrix.shape != (len(scores), len(schema.names)):
        raise ValueError(
            f"A sample needs a score for each row and the {len(schema.names)} columns of the"
            f" schema; it has {len(scores)} scores and a matrix of shape {matrix.shape}."
        )
    if not np.isfinite(scores).all():
        raise ValueError("A score is not a finite number.")
    development.check_unit(baseline, scores)
    bucketed = unseen or {}
    return Tally(
        rows=len(scores),
        score=Counts(tuple(development.counts(baseline["score"], scores))),
        features={
            feature.name: Counts(
                tuple(development.counts(baseline["features"][feature.name], column)),
                out_of_range(feature, column),
                undeclared(feature, column) + bucketed.get(feature.name, 0),
            )
            for feature, column in zip(schema.features, matrix.T, strict=True)
        },
    )


def out_of_range(feature: Feature, values: Floats) -> int:
    """Return how many values lie outside the limits of the schema."""
    low = -np.inf if feature.minimum is None else feature.minimum
    high = np.inf if feature.maximum is None else feature.maximum
    return int(((values < low) | (values > high)).sum())


def undeclared(feature: Feature, values: Floats) -> int:
    """Return how many values are the code of no declared category."""
    if feature.kind != "category":
        return 0
    return int(((values < 0) | (values > len(feature.categories) - 1)).sum())
