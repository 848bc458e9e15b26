"""Who is compared with, and what counts as one factor: kept with the model it was made with.

The rows a model learned from are loans somebody approved. They are put in order of their PD and
cut into spans of equal size; each span is told by one made-up applicant: the median of every
number, the most frequent category, nothing where most have nothing. The reference of a cut-off is
the span that ends just below it in PD, so a policy chooses it, and model and policy together give
it again. No applicant's own row is kept, and no span holds fewer than `FEWEST_ROWS` rows unless
all of them together do.

The reason groups of the schema are factors. Groups that hold two numbers which go together (rank
correlation of `CORRELATED` or more, either way) are one factor: they say one thing twice.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.explain import rank_correlation
from ml.schema import Feature, Schema, Value

Floats = npt.NDArray[np.float64]

MOST_SPANS = 20
FEWEST_ROWS = 50
CORRELATED = 0.7
# So many rows, evenly spread, tell a correlation of 0.7 from one of 0.67.
_ROWS_TO_CORRELATE = 5_000


@dataclass(frozen=True, kw_only=True)
class Typical:
    """The typical applicant of one span: PDs up to `highest`, so many rows, one value each."""

    highest: float
    rows: int
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Reference:
    """The typical applicants of all spans, the safest first, and the groups of each factor."""

    spans: tuple[Typical, ...]
    factors: tuple[tuple[str, ...], ...]

    def just_above(self, cutoff: float) -> Typical:
        """Return the span that ends at or just below a PD; the safest where none does."""
        safer = [one for one in self.spans if one.highest <= cutoff]
        return safer[-1] if safer else self.spans[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the reference as JSON values."""
        return {
            "spans": [
                {"highest": one.highest, "rows": one.rows, "values": dict(one.values)}
                for one in self.spans
            ],
            "factors": [list(one) for one in self.factors],
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any], schema: Schema) -> "Reference":
        """Return what `to_dict` wrote; SchemaViolation or ValueError for what does not fit."""
        factors = tuple(tuple(one) for one in written["factors"])
        if sorted(sum(factors, ())) != sorted({each.group for each in schema.features}):
            raise ValueError("The factors of the reference are not the groups of the schema.")
        spans = tuple(
            Typical(
                highest=float(one["highest"]),
                rows=int(one["rows"]),
                values=schema.validate_row(_restored(one["values"], schema)),
            )
            for one in written["spans"]
        )
        if not spans:
            raise ValueError("A reference needs at least one span.")
        return cls(spans, factors)


def of_sample(schema: Schema, matrix: Floats, pd: Floats) -> Reference:
    """Return the reference of encoded rows and their PDs, both as the model has them."""
    if not len(pd) or len(matrix) != len(pd):
        raise ValueError("A reference needs rows, and one PD for each.")
    spans = max(1, min(MOST_SPANS, len(pd) // FEWEST_ROWS))
    # Equal PDs keep the order of the rows, so that the same rows always give the same spans.
    order = np.argsort(pd, kind="stable")
    typical = tuple(
        Typical(
            highest=float(pd[part].max()),
            rows=len(part),
            values={
                feature.name: _typical(feature, matrix[part, column])
                for column, feature in enumerate(schema.features)
            },
        )
        for part in np.array_split(order, spans)
    )
    return Reference(typical, _factors(schema, matrix))


def _typical(feature: Feature, codes: Floats) -> Value:
    """Return one value of those that occur, or None where most are missing."""
    given = codes[~np.isnan(codes)]
    if len(given) * 2 <= len(codes):
        return None
    if feature.kind == "category":
        seen, counts = np.unique(given.astype(np.int_), return_counts=True)
        return feature.categories[int(seen[counts.argmax()])]
    middle = float(np.sort(given)[math.ceil(len(given) / 2) - 1])
    if feature.kind == "boolean":
        return bool(middle)
    return int(middle) if feature.kind == "integer" else middle


def _factors(schema: Schema, matrix: Floats) -> tuple[tuple[str, ...], ...]:
    """Return the reason groups in declared order, those that go together in one tuple."""
    together = {feature.group: feature.group for feature in schema.features}
    step = math.ceil(len(matrix) / _ROWS_TO_CORRELATE)
    ordered = [(f.group, matrix[::step, n]) for n, f in enumerate(schema.features) if _orders(f)]
    for (one, left), (other, right) in combinations(ordered, 2):
        if together[one] != together[other] and _go_together(left, right):
            kept, joined = together[one], together[other]
            together = {name: kept if of == joined else of for name, of in together.items()}
    names = dict.fromkeys(together.values())
    return tuple(tuple(group for group, of in together.items() if of == name) for name in names)


def _orders(feature: Feature) -> bool:
    return feature.kind in ("number", "integer")


def _go_together(left: Floats, right: Floats) -> bool:
    both = ~(np.isnan(left) | np.isnan(right))
    found = rank_correlation(left[both], right[both])
    return found is not None and abs(found) >= CORRELATED


def _restored(values: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return values with numbers as the schema has them; a JSON column gives back decimals."""
    return {
        name: float(value)
        if name in schema.names and schema.feature(name).kind == "number" and value is not None
        else value
        for name, value in values.items()
    }
