"""A public data set in the shape that every model of this library learns from."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.datasets import _reading
from ml.schema import Feature, Schema

Floats = npt.NDArray[np.float64]
Dates = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Dataset:
    """Features, outcomes and the contract they keep.

    `frame` has exactly the columns of `schema`; `bad` is 1.0 where the loan went wrong, one per
    row; `dates` is the day of each application, None where nobody published it; `caveat` says
    what may not be concluded; `licence` who may copy the data.
    """

    name: str
    _: KW_ONLY
    variant: str
    frame: pd.DataFrame
    bad: Floats
    schema: Schema
    dates: Dates | None = None
    caveat: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        """Refuse outcomes or dates that do not belong to the rows, and rows that do not fit."""
        rows = len(self.frame)
        if self.bad.shape != (rows,) or not np.isin(self.bad, (0, 1)).all():
            raise ValueError(f"{self.name} needs an outcome of 0 or 1 for each of {rows} rows.")
        if self.dates is not None and self.dates.shape != (rows,):
            raise ValueError(f"{self.name} has {len(self.dates)} dates for {rows} rows.")
        self.schema.validate_frame(self.frame)


@dataclass(frozen=True)
class About:
    """What is said of a set: its name in the registry, what to beware of, who may copy it."""

    name: str
    caveat: str
    licence: str


def assemble(
    about: About,
    features: Sequence[Feature],
    raw: pd.DataFrame,
    *,
    bad: pd.Series,
    dates: pd.Series | None = None,
    variant: str = "standard",
) -> Dataset:
    """Return the data set: the declared columns in declared order, codes of categories as text.

    DatasetMissing names a column that the file lacks.
    """
    lacking = [feature.name for feature in features if feature.name not in raw.columns]
    if lacking:
        raise _reading.DatasetMissing(f"The file of {about.name} has no column {lacking[0]}.")
    columns = {feature.name: _column(feature, raw[feature.name]) for feature in features}
    return Dataset(
        about.name,
        variant=variant,
        frame=pd.DataFrame(columns, index=pd.RangeIndex(len(raw))),
        bad=bad.to_numpy(dtype=np.float64),
        schema=Schema(f"{about.name}-{variant}", 1, tuple(features)),
        dates=None if dates is None else dates.to_numpy(dtype="datetime64[D]"),
        caveat=about.caveat,
        licence=about.licence,
    )


def checked_variant(name: str, variant: str, known: Sequence[str]) -> str:
    """Return the variant, or ValueError that lists those of the set."""
    if variant not in known:
        raise ValueError(f"{name} has no variant {variant!r}; it has {', '.join(known)}.")
    return variant


def _column(feature: Feature, column: pd.Series) -> npt.NDArray[np.generic]:
    if feature.kind != "category":
        return column.to_numpy()
    text = column.astype(object).map(str, na_action="ignore")
    return text.where(text.notna(), None).to_numpy(dtype=object)
