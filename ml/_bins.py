"""A feature's bins: what training saw in each, and the lookup of a value's bin."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int_]
BinKind = Literal["interval", "category", "special", "missing"]
Found = Literal["ascending", "descending", "peak", "valley", "free", "constant", "category"]

NEUTRAL = -1
"""The position of a value that has no bin because the schema cannot produce it."""


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Values that count as one, with what training saw of them.

    `n` and `bads` are sums of weights: counts where no weights were given. `iv` is the bin's
    part of the information value. `values` are category codes or the special value. A bin that
    training never saw has 0 of everything.
    """

    kind: BinKind
    label: str
    n: float
    bads: float
    woe: float
    iv: float
    values: tuple[float, ...] = ()

    @property
    def bad_rate(self) -> float | None:
        """Return the share of bads, None where training saw nobody."""
        return self.bads / self.n if self.n > 0 else None


@dataclass(frozen=True)
class Binning:
    """One feature's bins: intervals or categories first, then specials, then missing.

    Interval i runs from edge i-1 (included) to edge i (not included); the first and the last
    have no limit. `shape` says how the bad rate goes with the value: ascending, descending, one
    peak or valley between, free, constant (one bin), or that the feature is a category.
    """

    feature: str
    shape: Found
    edges: tuple[float, ...]
    bins: tuple[Bin, ...]

    def __post_init__(self) -> None:
        """Refuse bins that do not belong to the edges, in number or in order."""
        kinds = [part.kind for part in self.bins]
        intervals = 0 if self.shape == "category" else len(self.edges) + 1
        ordered = kinds == sorted(kinds, key=get_args(BinKind).index)
        if kinds.count("interval") != intervals or not ordered or kinds.count("missing") > 1:
            raise ValueError(f"The bins of {self.feature} do not fit its edges.")
        if any(low >= high for low, high in pairwise(self.edges)):
            raise ValueError(f"The edges of {self.feature} do not rise.")
        if self.shape not in get_args(Found):
            raise ValueError(f"The shape {self.shape!r} of {self.feature} is unknown.")

    @cached_property
    def iv(self) -> float:
        """Return the information value."""
        return math.fsum(part.iv for part in self.bins)

    @cached_property
    def mean_woe(self) -> float:
        """Return the weighted mean weight of evidence of the training sample."""
        total = math.fsum(part.n for part in self.bins)
        return math.fsum(part.n * part.woe for part in self.bins) / total

    @cached_property
    def table(self) -> tuple[float, ...]:
        """Return the weight of each position; the last one, at NEUTRAL, is 0."""
        return (*(part.woe for part in self.bins), 0.0)

    def transform(self, column: Floats) -> Floats:
        """Return the weight of evidence of every value, shape (rows,)."""
        weights: Floats = np.array(self.table)[self.positions(column)]
        return weights

    def positions(self, column: Floats) -> Positions:
        """Return the position in `bins` of every value, NEUTRAL where it has none."""
        if self.shape == "category":
            found = self._category_positions(column)
        else:
            found = np.searchsorted(np.array(self.edges), column, side="right").astype(np.int_)
        for value, position in self._specials.items():
            found[column == value] = position
        found[np.isnan(column)] = self._missing
        return found

    def position_of(self, value: float) -> int:
        """Return what `positions` does for one value, without arrays."""
        if math.isnan(value):
            return self._missing
        if self.shape == "category":
            return self._codes.get(value, NEUTRAL)
        if self._specials and value in self._specials:
            return self._specials[value]
        return bisect_right(self.edges, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the bins as JSON values; `from_dict` reads them back."""
        bins = [{**asdict(part), "values": list(part.values)} for part in self.bins]
        return {**asdict(self), "edges": list(self.edges), "bins": bins}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the binning that `to_dict` wrote; ValueError if it is not one."""
        try:
            return cls(
                feature=str(data["feature"]),
                shape=data["shape"],
                edges=tuple(_finite(edge) for edge in data["edges"]),
                bins=tuple(_read_bin(item) for item in data["bins"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"These are not the bins of a feature: {error!r}.") from error

    @cached_property
    def _missing(self) -> int:
        return len(self.bins) - 1 if self.bins[-1].kind == "missing" else NEUTRAL

    @cached_property
    def _specials(self) -> dict[float, int]:
        return self._places("special")

    @cached_property
    def _codes(self) -> dict[float, int]:
        return self._places("category")

    def _places(self, kind: BinKind) -> dict[float, int]:
        return {
            value: position
            for position, part in enumerate(self.bins)
            if part.kind == kind
            for value in part.values
        }

    def _category_positions(self, column: Floats) -> Positions:
        # One more place than there are codes: it takes whatever is no code.
        size = int(max(self._codes, default=-1)) + 2
        lookup = np.full(size, NEUTRAL, dtype=np.int_)
        for code, position in self._codes.items():
            lookup[int(code)] = position
        index = np.nan_to_num(column, nan=-1.0)
        index = np.where((index < 0) | (index >= size), size - 1, index)
        found: Positions = lookup[index.astype(np.int_)]
        return found


def _read_bin(item: Mapping[str, Any]) -> Bin:
    if item["kind"] not in get_args(BinKind):
        raise ValueError(f"The kind of bin {item['kind']!r} is unknown.")
    return Bin(
        kind=item["kind"],
        label=str(item["label"]),
        n=_finite(item["n"]),
        bads=_finite(item["bads"]),
        woe=_finite(item["woe"]),
        iv=_finite(item["iv"]),
        values=tuple(_finite(value) for value in item["values"]),
    )


def _finite(value: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"A number of a bin is {number}.")
    return number
