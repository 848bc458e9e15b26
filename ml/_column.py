"""A whole column of a feature at once: the same rules as for one value, vectorised."""

from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml._feature import Feature, SchemaViolation, Value, is_text

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def encode_column(feature: Feature, column: pd.Series) -> tuple[Floats, int]:
    """Return the column as the model sees it and how many values went to the other bucket.

    None, NaN and NA are missing values in a frame. Raises SchemaViolation with the label of the
    first row that breaks a rule.
    """
    missing = cast(Flags, column.isna().to_numpy(dtype=bool))
    if not feature.allows_missing and missing.any():
        raise _refusal(feature, column, missing, rule="missing", why="must be given")
    if feature.kind == "category":
        return _categories(feature, column, missing)
    if feature.kind == "boolean":
        return _booleans(feature, column, missing), 0
    return _numbers(feature, column, missing), 0


def values(feature: Feature, column: pd.Series) -> list[Value]:
    """Return the column as plain values of the feature's own type, None where missing."""
    types = {"number": float, "integer": int, "category": str, "boolean": bool}
    own = types[feature.kind]
    return [None if gone else own(value) for value, gone in zip(column, column.isna(), strict=True)]


def _categories(feature: Feature, column: pd.Series, missing: Flags) -> tuple[Floats, int]:
    text = column.astype(object)
    codes: Floats = np.array(text.map(feature.codes), dtype=np.float64)
    unseen = np.isnan(codes) & ~missing
    if not unseen.any():
        return codes, 0
    storable = text.map(is_text).to_numpy(dtype=bool)
    if (unseen & ~storable).any():
        raise _refusal(
            feature,
            column,
            unseen & ~storable,
            rule="type",
            why="must be text that can be stored",
        )
    if feature.other is None:
        raise _refusal(
            feature, column, unseen, rule="category", why="must be one of its declared categories"
        )
    codes[unseen] = feature.codes[feature.other]
    return codes, int(unseen.sum())


def _booleans(feature: Feature, column: pd.Series, missing: Flags) -> Floats:
    if not pd.api.types.is_bool_dtype(column.dtype):
        return _one_by_one(feature, column, missing)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _numbers(feature: Feature, column: pd.Series, missing: Flags) -> Floats:
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        return _one_by_one(feature, column, missing)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.isinf(values)
    if infinite.any():
        raise _refusal(feature, column, infinite, rule="finite", why="must be a finite number")
    if feature.kind == "integer":
        broken = ~missing & (values != np.floor(values))
        if broken.any():
            raise _refusal(feature, column, broken, rule="type", why="must be a whole number")
    _check_range(feature, column, values)
    return values


def _check_range(feature: Feature, column: pd.Series, values: Floats) -> None:
    for number in (np.nanmin(values), np.nanmax(values)) if not np.isnan(values).all() else ():
        broken = feature.range_rule(float(number))
        if broken is not None:
            raise _refusal(feature, column, values == number, rule=broken[0], why=broken[1])


def _one_by_one(feature: Feature, column: pd.Series, missing: Flags) -> Floats:
    """Encode a column whose type is not the feature's own, such as Python objects."""
    codes = np.full(len(column), np.nan)
    for position in np.flatnonzero(~missing).tolist():
        value = column.iloc[position]
        try:
            codes[position] = feature.encode(value)
        except SchemaViolation as violation:
            row = column.index[position]
            raise SchemaViolation(
                violation.feature, violation.rule, value, violation.sentence, row=row
            ) from None
    return codes


def _refusal(
    feature: Feature, column: pd.Series, broken: Flags, *, rule: str, why: str
) -> Exception:
    position = int(np.flatnonzero(broken)[0])
    value = column.iloc[position]
    return feature.violation(rule, value, why, row=column.index[position])
