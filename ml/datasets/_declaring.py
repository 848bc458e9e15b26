"""Short ways to declare the features of a public set, one line each."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ml.schema import Feature

OTHER = "other values"
NOT_STATED = "Not stated."


def number(name: str, group: str, **rules: Any) -> Feature:
    """Return a feature measured in `unit`; a `missing_meaning` allows it to be missing."""
    return Feature(name, "number", group=group, **_with_missing(rules))


def count(name: str, group: str, **rules: Any) -> Feature:
    """Return a whole number, zero or more unless `minimum` says otherwise."""
    return Feature(name, "integer", group=group, **_with_missing({"minimum": 0} | rules))


def flag(name: str, group: str, **rules: Any) -> Feature:
    """Return a feature that is true or false."""
    return Feature(name, "boolean", group=group, **_with_missing(rules))


def category(name: str, group: str, codes: str | Sequence[str], **rules: Any) -> Feature:
    """Return a category of these codes, given as a sequence or as words in one string."""
    categories = tuple(codes.split()) if isinstance(codes, str) else tuple(codes)
    return Feature(name, "category", group=group, categories=categories, **_with_missing(rules))


def many(name: str, group: str, column: pd.Series, *, fewest: int = 1, **rules: Any) -> Feature:
    """Return a category of the values that occur at least `fewest` times, and a bucket for others.

    It looks at the column, never at an outcome.
    """
    counts = column.dropna().astype(str).value_counts()
    common = sorted(counts.index[counts >= fewest].difference([OTHER]))
    return category(name, group, (*common, OTHER), other=OTHER, **rules)


def _with_missing(rules: dict[str, Any]) -> dict[str, Any]:
    if rules.get("missing_meaning"):
        return {"missing": "allowed"} | rules
    return rules
