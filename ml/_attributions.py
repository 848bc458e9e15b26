"""Exact attributions of many rows, computed once and read by every view of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.estimator import Fitted, checked_matrix
from ml.schema import Feature, Schema, Value

Floats = npt.NDArray[np.float64]

ADDITIVITY_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class Attributions:
    """What each feature adds to each row's margin, in the margin's unit (log-odds of bad).

    `matrix` and `values` have shape (rows, features), `base` and `margins` (rows,). Invariant:
    base + the sum of a row's values is its margin within 1e-6; ValueError otherwise.
    """

    schema: Schema
    matrix: Floats
    values: Floats
    base: Floats
    margins: Floats

    def __post_init__(self) -> None:
        """Refuse shapes that do not belong together and attributions that do not add up."""
        rows, width = self.matrix.shape
        if rows == 0:
            raise ValueError("There are no rows to explain.")
        if self.values.shape != (rows, width) or width != len(self.schema.names):
            raise ValueError(
                f"The attributions have shape {self.values.shape}; {self.matrix.shape} is needed."
            )
        if self.base.shape != (rows,) or self.margins.shape != (rows,):
            raise ValueError("Every row needs one base and one margin.")
        error = self.additivity_error
        # Written so that a NaN is refused too.
        if not error <= ADDITIVITY_TOLERANCE:
            raise ValueError(f"The attributions miss the margin by up to {error:g} log-odds.")

    @property
    def additivity_error(self) -> float:
        """Return the largest distance between base + attributions and the margin."""
        return float(np.abs(self.base + self.values.sum(axis=1) - self.margins).max())

    def grouped(self) -> tuple[tuple[str, ...], Floats]:
        """Return the reason groups in declared order and the sum of each, (rows, groups)."""
        groups = [feature.group for feature in self.schema.features]
        names = tuple(dict.fromkeys(groups))
        belongs = np.array([[group == name for name in names] for group in groups])
        summed: Floats = self.values @ belongs.astype(np.float64)
        return names, summed


def attribute(model: Fitted, matrix: Floats, *, threads: int = 1) -> Attributions:
    """Return the exact attributions of every row of an encoded matrix.

    ValueError if the matrix is not the schema's, is empty, or if the model breaks its promise
    that attributions add up to the margin.
    """
    checked = checked_matrix(model.schema, matrix)
    if not len(checked):
        raise ValueError("There are no rows to explain.")
    shares = model.contributions(checked, threads=threads)
    return Attributions(
        schema=model.schema,
        matrix=checked,
        values=shares[:, :-1],
        base=shares[:, -1],
        margins=model.margins(checked, threads=threads),
    )


def decoded(feature: Feature, code: float) -> Value:
    """Return the value that the schema encoded as `code`: a category by name, None if missing."""
    if np.isnan(code):
        return None
    if feature.kind == "category":
        return feature.categories[int(code)]
    if feature.kind == "boolean":
        return bool(code)
    return int(code) if feature.kind == "integer" else float(code)


def position_of(schema: Schema, name: str) -> int:
    """Return the column of a feature; ValueError if the schema has none of that name."""
    if name not in schema.names:
        raise ValueError(f"{name} is not a feature of {schema.name}.")
    return schema.names.index(name)


def evenly(count: int, most: int) -> npt.NDArray[np.int_]:
    """Return at most `most` positions spread evenly over `count`, both ends included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int_))
