"""The contract for data: training and serving use the same one, versioned and hashed.

Guarantees: a row that fits has exactly the declared keys; missing stays missing; nothing is
coerced or filled in silently; what does not fit raises `SchemaViolation` naming feature, rule
and value; a protected attribute is refused unless it is declared as one, and then it is listed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import _column, canonical
from ml._feature import (
    Available,
    Feature,
    Kind,
    Missing,
    SchemaError,
    SchemaViolation,
    Sensitivity,
    Value,
)
from ml._protected import PROTECTED, is_protected

__all__ = [
    "PROTECTED",
    "Available",
    "Encoded",
    "Feature",
    "Kind",
    "Missing",
    "Schema",
    "SchemaError",
    "SchemaViolation",
    "Sensitivity",
    "Value",
    "is_protected",
]

Floats = npt.NDArray[np.float64]

_MOST_NAMED = 5


@dataclass(frozen=True)
class Encoded:
    """A frame as the model sees it, and how many values per feature were never declared."""

    matrix: Floats
    unseen: dict[str, int]


@dataclass(frozen=True)
class Schema:
    """A named, versioned, ordered set of features."""

    name: str
    version: int
    features: tuple[Feature, ...]

    def __post_init__(self) -> None:
        """Refuse an empty schema and a name used twice."""
        if not self.features:
            raise SchemaError(f"Schema {self.name!r} has no features.")
        if len(set(self.names)) != len(self.names):
            raise SchemaError(f"Schema {self.name!r} names a feature twice.")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the feature names in the order of the matrix columns."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the canonical JSON of the whole schema."""
        return canonical.sha256(canonical.canonical_bytes(self.to_dict()))

    @cached_property
    def _by_name(self) -> dict[str, Feature]:
        return {feature.name: feature for feature in self.features}

    def feature(self, name: str) -> Feature:
        """Return the feature of that name; KeyError if there is none."""
        return self._by_name[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as JSON values; `from_dict` reads it back."""
        declared = [_feature_dict(feature) for feature in self.features]
        return {"name": self.name, "version": self.version, "features": declared}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Schema":
        """Return the schema that `to_dict` wrote; SchemaError if it is not one."""
        known = {field.name for field in fields(Feature)}
        try:
            declared = [dict(item) for item in data["features"]]
            strange = sorted({key for item in declared for key in item} - known)
            if strange:
                raise SchemaError(f"The schema has unknown feature keys: {', '.join(strange)}.")
            features = tuple(
                Feature(**{**item, "categories": tuple(item.get("categories", ()))})
                for item in declared
            )
            return cls(str(data["name"]), int(data["version"]), features)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, SchemaError):
                raise
            raise SchemaError(f"This is not a schema: {error}.") from error

    def subset(self, names: Iterable[str]) -> "Schema":
        """Return the schema of these features alone, in its own order; SchemaError if unknown."""
        wanted = set(names)
        strange = sorted(wanted - self._by_name.keys())
        if strange:
            raise SchemaError(f"Schema {self.name!r} has no feature {', '.join(strange)}.")
        kept = tuple(feature for feature in self.features if feature.name in wanted)
        return Schema(self.name, self.version, kept)

    def without_sensitive(self, *, proxies: bool = False) -> "Schema":
        """Return the schema without protected attributes, and without their proxies if asked.

        SchemaError if nothing is left.
        """
        dropped = {"protected", "proxy"} if proxies else {"protected"}
        return self.subset(each.name for each in self.features if each.sensitivity not in dropped)

    @cached_property
    def protected(self) -> tuple[str, ...]:
        """Return the features that may never decide about a person, in declared order."""
        return tuple(each.name for each in self.features if each.sensitivity == "protected")

    def validate_row(self, row: Mapping[str, object]) -> dict[str, Value]:
        """Return the row in declared order and types, or raise SchemaViolation."""
        self._check_keys(row)
        return {feature.name: feature.check(row[feature.name]) for feature in self.features}

    def to_matrix_row(self, row: Mapping[str, object]) -> Floats:
        """Return the validated row as float64, one number per feature."""
        self._check_keys(row)
        codes = [feature.encode(row[feature.name]) for feature in self.features]
        return np.array(codes, dtype=np.float64)

    def unseen_in_row(self, row: Mapping[str, object]) -> tuple[str, ...]:
        """Return the features whose category was never declared and goes to the other bucket."""
        checked = self.validate_row(row)
        return tuple(
            feature.name
            for feature in self.features
            if isinstance(checked[feature.name], str) and checked[feature.name] not in feature.codes
        )

    def validate_frame(self, frame: pd.DataFrame) -> None:
        """Raise SchemaViolation naming row, column and rule if the frame does not fit."""
        self.encode(frame)

    def violations(self, frame: pd.DataFrame) -> tuple[SchemaViolation, ...]:
        """Return the first violation of each feature, so that a file is repaired in one go.

        Wrong columns and an empty frame are one violation, for nothing else can then be said.
        """
        try:
            self._check_columns(frame)
        except SchemaViolation as violation:
            return (violation,)
        found: list[SchemaViolation] = []
        for feature in self.features:
            try:
                _column.encode_column(feature, frame[feature.name])
            except SchemaViolation as violation:  # each is asked for
                found.append(violation)
        return tuple(found)

    def to_matrix(self, frame: pd.DataFrame) -> Floats:
        """Return the validated frame as a float64 matrix, columns in declared order."""
        return self.encode(frame).matrix

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Return the validated frame as a matrix with the count of undeclared categories."""
        self._check_columns(frame)
        matrix = np.empty((len(frame), len(self.features)), dtype=np.float64)
        unseen: dict[str, int] = {}
        for position, feature in enumerate(self.features):
            matrix[:, position], bucketed = _column.encode_column(feature, frame[feature.name])
            if bucketed:
                unseen[feature.name] = bucketed
        return Encoded(matrix=matrix, unseen=unseen)

    def to_rows(self, frame: pd.DataFrame) -> list[dict[str, Value]]:
        """Return the validated frame as rows of plain values, ready for `validate_row` and JSON."""
        self.validate_frame(frame)
        columns = [_column.values(feature, frame[feature.name]) for feature in self.features]
        return [dict(zip(self.names, row, strict=True)) for row in zip(*columns, strict=True)]

    def _check_keys(self, row: Mapping[str, object]) -> None:
        if not isinstance(row, Mapping):
            raise SchemaViolation(
                "", "type", None, f"A row is a mapping of names to values, not {_kind_of(row)}."
            )
        if row.keys() == self._by_name.keys():
            return
        self._refuse_names(list(row.keys()))

    def _check_columns(self, frame: pd.DataFrame) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise SchemaViolation(
                "", "type", None, f"Rows come as a pandas DataFrame, not as {_kind_of(frame)}."
            )
        columns = list(frame.columns)
        twice = sorted({str(name) for name in columns if columns.count(name) > 1})
        if twice:
            raise SchemaViolation(
                twice[0], "duplicate", None, f"{twice[0]} appears more than once in the frame."
            )
        if set(columns) != self._by_name.keys():
            self._refuse_names(columns)
        if frame.empty:
            raise SchemaViolation("", "empty", None, "The frame has no rows.")

    def _refuse_names(self, given: list[Any]) -> None:
        lacking = [name for name in self.names if name not in given]
        if lacking:
            others = [*lacking[1:_MOST_NAMED], *(["others"] if len(lacking) > _MOST_NAMED else [])]
            more = f" (nor {', '.join(others)})" if others else ""
            raise SchemaViolation(
                lacking[0],
                "missing_feature",
                None,
                f"{lacking[0]} is not among the values given{more};"
                " a missing value is given as null.",
            )
        strange = next(name for name in given if name not in self._by_name)
        shown = str(strange)[:60]
        if not shown.isprintable():
            shown = ascii(shown)
        raise SchemaViolation(
            shown, "unknown_feature", None, f"{shown} is not a feature of {self.name}."
        )


def _kind_of(value: object) -> str:
    return type(value).__name__


def _feature_dict(feature: Feature) -> dict[str, Any]:
    """Return the feature as JSON values.

    What was added after the first models were stored is left out at its default: their hash is
    written in scores and decisions and must stay what it was.
    """
    written = {**asdict(feature), "categories": list(feature.categories)}
    if feature.sensitivity == "none":
        del written["sensitivity"]
    return written
