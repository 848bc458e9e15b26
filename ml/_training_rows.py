"""The rows that a model is trained on: what is given of each, checked and matched."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import splitting
from ml.canonical import sha256
from ml.estimator import Floats, TrainingRefused, checked_outcomes, checked_weight
from ml.splitting import Column, Positions, SplitRefused

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, eq=False)
class Rows:
    """Encoded rows with what is known of each: outcome, weight, and the group they belong to."""

    matrix: Floats
    bad: Floats
    weight: Floats | None
    groups: Positions | None

    def part(self, rows: Positions) -> "Rows":
        """Return some of the rows."""
        return Rows(
            self.matrix[rows],
            self.bad[rows],
            None if self.weight is None else self.weight[rows],
            None if self.groups is None else self.groups[rows],
        )


@contextmanager
def refusing() -> Iterator[None]:
    """Turn rows that cannot be divided into a refused training, with the same sentence."""
    try:
        yield
    except SplitRefused as error:
        raise TrainingRefused(str(error)) from error


def read(
    matrix: Floats,
    target: Sequence[int] | npt.NDArray[Any] | pd.Series,
    weight: Floats | None,
    groups: Column | None,
) -> Rows:
    """Return the encoded rows with what is given of each, checked."""
    bad = _outcomes(target, rows=len(matrix))
    with refusing():
        numbers = None if groups is None else splitting.group_numbers(groups)
    return Rows(matrix, bad, checked_weight(weight, len(matrix)), numbers)


def hash_of(data: Rows) -> str:
    """Return the SHA-256 of rows, outcomes and, where there are any, weights and groups."""
    given = (data.matrix, data.bad, data.weight, data.groups)
    return sha256(*(part.tobytes() for part in given if part is not None))


def check_order(frame: pd.DataFrame, **columns: object) -> None:
    """Refuse a series of the frame's own rows in another order: rows are matched by position."""
    for what, column in columns.items():
        if isinstance(column, pd.Series) and _is_reordered(frame.index, column.index):
            raise TrainingRefused(
                f"The {what} are in another order than the rows of the frame, says their index;"
                " give an array if they belong by position."
            )


def _is_reordered(own: pd.Index, given: pd.Index) -> bool:
    if len(own) != len(given) or own.equals(given):
        return False
    return bool(own.is_unique and given.is_unique and given.isin(own).all())


def _outcomes(target: Sequence[int] | npt.NDArray[Any] | pd.Series, *, rows: int) -> Floats:
    """Return the outcomes as 0.0 and 1.0, or refuse them with the reason."""
    if len(target) != rows:
        raise TrainingRefused(f"There are {rows} rows but {len(target)} outcomes.")
    given = np.asarray(target)
    if given.ndim != 1:
        raise TrainingRefused("The outcomes must be one column.")
    values = pd.Series(given)
    wrong = values.isna() | ~values.isin((0, 1))
    if wrong.any():
        first = int(wrong.argmax())
        row = target.index[first] if isinstance(target, pd.Series) else first
        shown = str(values.iloc[first])[:_SHOWN_CHARACTERS]
        raise TrainingRefused(
            f"Every outcome must be 0 (good) or 1 (bad); the one of row {row} is {shown}."
        )
    return checked_outcomes(values.to_numpy(dtype=np.float64))
