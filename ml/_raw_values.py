"""Reading the cells of an unknown file: what is missing, what is a number, and how it was told."""

import numbers
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MISSING_WORDS = frozenset({"", "?", ".", "na", "n/a", "nan", "null"})
_GROUPED = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([ T].*)?$|^\d{1,2}/\d{1,2}/\d{2,4}$")


@dataclass(frozen=True)
class Numbers:
    """A column as numbers, NaN where missing or infinite.

    `infinite` counts the infinities that became missing, `from_text` the numbers that were
    written as text.
    """

    floats: Floats
    infinite: int
    from_text: int


@dataclass(frozen=True)
class Cells:
    """A column of a file as it came, and as it can be read; each reading is made once."""

    column: pd.Series

    @cached_property
    def objects(self) -> pd.Series:
        """Return the values, text stripped, None where empty or where a word says missing."""
        kept = ~self._is_blank & self.column.notna().to_numpy(dtype=bool)
        return self._stripped.where(kept, None)

    @cached_property
    def present(self) -> pd.Series:
        """Return the values that are not missing."""
        return self.objects.dropna()

    @property
    def gaps(self) -> bool:
        """Say whether a value is missing."""
        return len(self.present) < len(self.column)

    @property
    def blanks(self) -> int:
        """Return how many cells held a word for a missing value, such as "?" or spaces."""
        return int(self._is_blank.sum())

    @property
    def text(self) -> pd.Series:
        """Return the values as text, whole floats as whole numbers: a code is 1, never 1.0."""
        if self._is_all_text:
            return self.objects
        return self.objects.map(_as_text, na_action="ignore")

    @cached_property
    def numbers(self) -> Numbers | None:
        """Return the column as numbers, or None if a present value is not one.

        Text such as "12.5", "1,234" and "10.65%" is read; infinities become missing.
        """
        if self.is_boolean or pd.api.types.is_datetime64_any_dtype(self.column):
            return None
        if self._is_numeric:
            floats = self.column.to_numpy(dtype=np.float64, na_value=np.nan)
            return _finite(floats, from_text=0)
        return self._numbers_among_objects()

    @cached_property
    def is_boolean(self) -> bool:
        """Say whether every present value is true or false, and there is one."""
        if pd.api.types.is_bool_dtype(self.column.dtype):
            return True
        if self._is_all_text or self._is_numeric:
            return False
        return bool(len(self.present)) and bool(self.present.map(_is_boolean).all())

    @cached_property
    def is_dates(self) -> bool:
        """Say whether the column holds dates, as such or as text of their shape."""
        if pd.api.types.is_datetime64_any_dtype(self.column):
            return True
        if self.present.empty or not self.present.map(_is_text).all():
            return False
        return bool(pd.Series(self.present.unique()).map(_DATE.match).notna().all())

    @property
    def strange(self) -> pd.Series:
        """Return the present values that are no numbers, under their rows."""
        return self.present[self._read.isna()]

    @cached_property
    def _read(self) -> pd.Series:
        """Return the present values as numbers, NaN where a value is none."""
        return pd.to_numeric(self.present.map(_plain), errors="coerce").astype(np.float64)

    def _numbers_among_objects(self) -> Numbers | None:
        read = self._read
        if read.isna().any():
            return None
        floats = np.full(len(self.column), np.nan)
        present = self.objects.notna().to_numpy(dtype=bool)
        floats[present] = read.to_numpy(dtype=np.float64)
        return _finite(floats, from_text=int((self._is_text & present).sum()))

    @cached_property
    def _is_all_text(self) -> bool:
        return isinstance(self.column.dtype, pd.StringDtype)

    @cached_property
    def _is_numeric(self) -> bool:
        return bool(pd.api.types.is_numeric_dtype(self.column.dtype))

    @cached_property
    def _is_text(self) -> Flags:
        if self._is_all_text:
            return self.column.notna().to_numpy(dtype=bool)
        if self._is_numeric:
            return np.zeros(len(self.column), dtype=bool)
        return self.column.astype(object).map(_is_text).to_numpy(dtype=bool)

    @cached_property
    def _stripped(self) -> pd.Series:
        objects = self.column.astype(object)
        if not self._is_text.any():
            return objects
        return objects.where(~self._is_text, objects.astype(str).str.strip())

    @cached_property
    def _is_blank(self) -> Flags:
        if not self._is_text.any():
            return self._is_text
        words = self._stripped.where(self._is_text, "text").str.lower()
        return self._is_text & words.isin(MISSING_WORDS).to_numpy(dtype=bool)


def _finite(floats: Floats, *, from_text: int) -> Numbers:
    infinite = np.isinf(floats)
    return Numbers(np.where(infinite, np.nan, floats), int(infinite.sum()), from_text)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


def _as_text(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _plain(value: object) -> object:
    """Return a number as it is, text without percent sign and thousands commas, else None."""
    if isinstance(value, str):
        bare = value.removesuffix("%").rstrip()
        return bare.replace(",", "") if _GROUPED.match(bare) else bare
    if _is_boolean(value) or not isinstance(value, numbers.Real | Decimal):
        return None
    try:
        return float(value)
    except OverflowError:
        return np.inf
