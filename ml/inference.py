"""A contract made from an unknown frame, and the repairs that bring the frame into its shape.

`Schema` itself coerces nothing. Files do need repair: numbers written as text, "?" for missing,
spaces in names. All of that happens here, in the open, and every repaired cell is counted.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml._raw_values import Cells
from ml.schema import Feature, Kind, Schema, SchemaError, SchemaViolation, Sensitivity, is_protected

OTHER = "other values"
_MISSING = "The file has no value here."
_IDENTIFIER = re.compile(
    r"(^|[^a-z])(id|no|key|uuid|guid|index|row|ref)$"
    r"|(account|application|client|customer|loan|member|person|user)_?(id|no)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class InferenceConfig:
    """When a level is rare, how many a category keeps, and what counts as an identifier.

    `fewest_of_a_level`: a level with fewer rows goes to the bucket of other values.
    `most_levels`: the most frequent levels kept beside that bucket.
    `unique_share`: text of which at least this share is distinct tells rows apart, no more.
    """

    fewest_of_a_level: int = 10
    most_levels: int = 200
    unique_share: float = 0.9
    fewest_rows_of_an_identifier: int = 20


@dataclass(frozen=True)
class Hints:
    """What a person knows of the columns, by their names in the file; nothing of it is guessed.

    `ordered`: levels of a text column from lowest to highest; it becomes a rank from 0.
    `categorical`: columns of codes that are numbers only by appearance.
    `sensitive`: protected attributes and proxies whose names do not give them away.
    """

    ordered: Mapping[str, Sequence[str]] = field(default_factory=dict)
    categorical: Collection[str] = ()
    sensitive: Mapping[str, Sensitivity] = field(default_factory=dict)


@dataclass(frozen=True)
class Inferred:
    """A schema made from a frame.

    `renames` maps every kept column of the file to its feature; `dropped` every column left out
    to the reason; `ranks` the features that are ranks to their levels, lowest first.
    """

    schema: Schema
    renames: Mapping[str, str]
    dropped: Mapping[str, str]
    ranks: Mapping[str, tuple[str, ...]]
    target: str | None = None


@dataclass(frozen=True)
class Shaped:
    """A frame that fits the schema, and per feature how many cells were repaired, by repair.

    Repairs: `blank` (a word for missing became missing), `infinite` (became missing), `text`
    (a number was read from text) and `unranked` (a level outside the order became missing).
    """

    frame: pd.DataFrame
    repairs: Mapping[str, Mapping[str, int]]
    unseen: Mapping[str, int]


NO_HINTS = Hints()
STANDARD = InferenceConfig()


def infer_schema(
    frame: pd.DataFrame,
    *,
    name: str,
    target: str | None = None,
    hints: Hints = NO_HINTS,
    config: InferenceConfig = STANDARD,
) -> Inferred:
    """Return the contract of an unknown frame: open ranges, no directions, gaps where seen.

    Numbers, whole numbers, booleans and categories are told apart; a category always has a
    bucket for rare and new levels; a protected name is declared as protected. Constants,
    identifiers, dates and empty columns are left out with the reason. SchemaViolation for an
    empty frame or a doubled column, SchemaError if the target or a hinted column is absent or no
    column is left.
    """
    _check_frame(frame, target, hints)
    features: list[Feature] = []
    renames: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for original in (column for column in map(str, frame.columns) if column != target):
        cells = _cells(frame, original)
        reason = _reason_to_drop(original, cells, hints=hints, config=config)
        if reason:
            dropped[original] = reason
            continue
        name_of_feature = _identifier(original, taken=set(renames.values()))
        renames[original] = name_of_feature
        features.append(_feature(name_of_feature, cells, original, hints=hints, config=config))
    if not features:
        raise SchemaError(f"No column of {name} can be a feature: {_listed(dropped)}.")
    return Inferred(
        Schema(name, 1, tuple(features)),
        renames=MappingProxyType(renames),
        dropped=MappingProxyType(dropped),
        ranks=MappingProxyType(
            {renames[key]: tuple(levels) for key, levels in hints.ordered.items() if key in renames}
        ),
        target=target,
    )


def shape(raw: pd.DataFrame, inferred: Inferred) -> Shaped:
    """Return the raw frame as the schema wants it; SchemaViolation if a value cannot be.

    Columns that the schema left out may be there or not. What no repair explains, such as a word
    among numbers, is refused with its row and never made missing.
    """
    _check_names(raw)
    columns: dict[str, pd.Series] = {}
    repairs: dict[str, dict[str, int]] = {}
    present = set(map(str, raw.columns))
    for original, name in inferred.renames.items():
        if original not in present:
            raise SchemaViolation(
                name, "missing_feature", None, f"The file has no column {original}."
            )
        column, counted = _repaired(_cells(raw, original), inferred, name)
        columns[name] = column
        done = {repair: cells for repair, cells in counted.items() if cells}
        if done:
            repairs[name] = done
    frame = pd.DataFrame(columns, index=raw.index)
    unseen = inferred.schema.encode(frame).unseen
    return Shaped(frame, repairs=repairs, unseen=unseen)


def outcomes(column: pd.Series, *, bad: object) -> npt.NDArray[np.float64]:
    """Return 1.0 where the column holds the value `bad`, 0.0 for its one other value.

    ValueError if a value is missing or there are not exactly two.
    """
    if column.isna().any():
        raise ValueError(f"Row {column.index[column.isna()][0]} has no outcome.")
    values = list(column.unique())
    if len(values) != 2 or bad not in values:
        shown = ", ".join(str(value) for value in values[:5])
        raise ValueError(f"An outcome is one of two values, one of them {bad!r}; found {shown}.")
    return np.array([value == bad for value in column], dtype=np.float64)


def _check_frame(frame: pd.DataFrame, target: str | None, hints: Hints) -> None:
    _check_names(frame)
    if frame.empty:
        raise SchemaViolation("", "empty", None, "The frame has no rows.")
    present = set(map(str, frame.columns))
    hinted = {*hints.ordered, *hints.categorical, *hints.sensitive}
    for name in sorted({*hinted, *([] if target is None else [target])}):
        if name not in present:
            raise SchemaError(f"The frame has no column {name}.")


def _check_names(frame: pd.DataFrame) -> None:
    names = pd.Index(map(str, frame.columns))
    if names.has_duplicates:
        twice = names[names.duplicated()][0]
        raise SchemaViolation(
            twice, "duplicate", None, f"{twice} appears more than once in the frame."
        )


def _cells(frame: pd.DataFrame, original: str) -> Cells:
    """Return a column by the text of its name: a file's headings may be numbers."""
    place = list(map(str, frame.columns)).index(original)
    return Cells(frame.iloc[:, place])


def _reason_to_drop(original: str, cells: Cells, *, hints: Hints, config: InferenceConfig) -> str:
    """Return why a column can be no feature, or nothing."""
    if cells.present.empty:
        return "it holds no value"
    if len(cells.present.unique()) == 1 and not cells.gaps:
        return "it is constant"
    if original in hints.ordered or original in hints.categorical:
        return ""
    if cells.is_dates:
        return "it is a date; turn it into an age at application"
    if len(cells.present) < config.fewest_rows_of_an_identifier:
        return ""
    return _reason_of_values(original, cells, config)


def _reason_of_values(original: str, cells: Cells, config: InferenceConfig) -> str:
    share = cells.present.nunique() / len(cells.present)
    if _tells_rows_apart(original, cells, share=share, config=config):
        return "it tells rows apart, as an identifier does"
    is_text = cells.numbers is None and not cells.is_boolean
    if is_text and not cells.gaps and len(_levels(cells.text, config)) == 1:
        return f"none of its levels has {config.fewest_of_a_level} rows"
    return ""


def _tells_rows_apart(
    original: str, cells: Cells, *, share: float, config: InferenceConfig
) -> bool:
    """Say whether text is nearly unique, or whole numbers count the rows or are called an id."""
    if cells.is_boolean:
        return False
    if cells.numbers is None:
        return share >= config.unique_share
    floats = cells.numbers.floats
    if share < 1 or np.isnan(floats).any() or not _are_whole(floats):
        return False
    steps = np.diff(floats)
    counts_rows = (steps == 1).all() or (steps == -1).all()
    return bool(counts_rows) or _IDENTIFIER.search(original) is not None


def _are_whole(floats: npt.NDArray[np.float64]) -> bool:
    return bool((floats == np.floor(floats)).all())


def _feature(
    name: str, cells: Cells, original: str, *, hints: Hints, config: InferenceConfig
) -> Feature:
    kind, categories, gaps = _kind(cells, original, hints=hints, config=config)
    known: Sensitivity = "protected" if is_protected(name) else "none"
    return Feature(
        name,
        kind,
        group=original,
        categories=categories,
        other=OTHER if categories else None,
        missing="allowed" if gaps else "refused",
        missing_meaning=_MISSING if gaps else "",
        sensitivity=hints.sensitive.get(original, known),
    )


def _kind(
    cells: Cells, original: str, *, hints: Hints, config: InferenceConfig
) -> tuple[Kind, tuple[str, ...], bool]:
    """Return the kind, the categories, and whether a value is missing."""
    if original in hints.ordered:
        return "integer", (), not cells.text.isin(list(hints.ordered[original])).all()
    if cells.is_boolean:
        return "boolean", (), cells.gaps
    if cells.numbers is None or original in hints.categorical:
        return "category", _levels(cells.text, config), cells.gaps
    finite = cells.numbers.floats[~np.isnan(cells.numbers.floats)]
    return "integer" if _are_whole(finite) else "number", (), len(finite) < len(cells.column)


def _levels(text: pd.Series, config: InferenceConfig) -> tuple[str, ...]:
    """Return the frequent levels in order of their names, the bucket last."""
    counts = text.value_counts()
    frequent = counts[counts >= config.fewest_of_a_level].index[: config.most_levels]
    return (*sorted(frequent.difference([OTHER])), OTHER)


def _repaired(cells: Cells, inferred: Inferred, name: str) -> tuple[pd.Series, dict[str, int]]:
    """Return the column in the feature's type, and how many cells each repair changed."""
    feature = inferred.schema.feature(name)
    counted = {"blank": cells.blanks}
    if name in inferred.ranks:
        ranked = _ranked(cells.text, inferred.ranks[name])
        outside = int((ranked.isna() & cells.objects.notna()).sum())
        return ranked, counted | {"unranked": outside}
    if feature.kind == "category":
        return cells.text, counted
    if feature.kind == "boolean":
        return cells.objects, counted
    read = cells.numbers
    if read is None:
        strange = cells.strange
        row, value = strange.index[0], strange.iloc[0]
        raise feature.violation("type", value, "must be a number", row=row)
    floats = pd.Series(read.floats, index=cells.column.index)
    return floats, counted | {"infinite": read.infinite, "text": read.from_text}


def _ranked(text: pd.Series, levels: tuple[str, ...]) -> pd.Series:
    ranks = {level: float(rank) for rank, level in enumerate(levels)}
    return text.map(ranks).astype(np.float64)


def _identifier(original: str, *, taken: set[str]) -> str:
    """Return a name that can be a feature's and that nobody has yet."""
    bare = re.sub(r"\W+", "_", original).strip("_") or "column"
    start = bare if bare.isidentifier() else f"x_{bare}"
    name, again = start, 2
    while name in taken:
        name, again = f"{start}_{again}", again + 1
    return name


def _listed(dropped: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in list(dropped.items())[:5])
