"""Whether people still look like those the model knew: PSI and CSI from raw samples.

Bins are fixed on the reference sample: about equal counts for numbers, one per category. Missing
values have a bin of their own, and so have categories the reference never saw. Rule book 9.4;
the formula itself is `metrics.psi`.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from ml import metrics
from ml.metrics import Floats

Categories = Sequence[str | None] | npt.NDArray[np.object_] | pd.Series

MISSING = "missing"
UNSEEN = "unseen"
_Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NumberBins:
    """The reference of a number: upper-open edges, and counts per bin with missing last."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Return a name per bin, the missing one last."""
        if not self.edges:
            return ("all", MISSING)
        inner = (f"{low:g} to {high:g}" for low, high in itertools.pairwise(self.edges))
        return (f"below {self.edges[0]:g}", *inner, f"from {self.edges[-1]:g}", MISSING)


@dataclass(frozen=True)
class CategoryBins:
    """The reference of a category: its names, and counts with unseen and missing last."""

    categories: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Return a name per bin, those of the unseen and the missing last."""
        return (*self.categories, UNSEEN, MISSING)


@dataclass(frozen=True)
class BinShift:
    """One bin: its shares before and after and its part of the index."""

    label: str
    expected: float
    actual: float
    term: float


@dataclass(frozen=True)
class Stability:
    """The index with what chance alone would give.

    `band` is stable, investigate or act. `noise_limit` is exceeded once in twenty times by two
    samples of one population, `p_value` is how often they would reach this index; both None
    where only one bin is filled. A big sample makes tiny shifts significant and a small one makes
    big shifts likely: read the band together with the p-value.
    """

    psi: float
    band: str
    bins: tuple[BinShift, ...]
    n_expected: int
    n_actual: int
    noise_limit: float | None
    p_value: float | None


def number_bins(values: Floats | Sequence[float], *, bins: int = 10) -> NumberBins:
    """Return bins of about equal count; NaN is missing, equal values share a bin.

    Fewer bins come back where values repeat. ValueError for nobody, infinities or `bins` below 2.
    """
    if bins < 2:
        raise ValueError("Stability needs at least two bins.")
    numbers = _numbers(values)
    present = numbers[~np.isnan(numbers)]
    edges: Floats = np.empty(0)
    if len(present):
        cuts = np.quantile(present, np.arange(1, bins) / bins, method="inverted_cdf")
        # An edge at the lowest value would open a bin below it that nobody of the reference is in.
        edges = np.unique(cuts[cuts > present.min()])
    counts = _count_numbers(edges, numbers)
    return NumberBins(tuple(edges.tolist()), tuple(int(count) for count in counts))


def category_bins(values: Categories) -> CategoryBins:
    """Return one bin per category that occurs, sorted by name; None and NaN are missing."""
    found, missing = _named(values)
    categories = tuple(sorted(found))
    return CategoryBins(categories, (*(found[name] for name in categories), 0, missing))


def number_stability(reference: NumberBins, values: Floats | Sequence[float]) -> Stability:
    """Return how far newer numbers have moved from the reference."""
    counts = _count_numbers(np.array(reference.edges), _numbers(values))
    return stability(reference.labels, reference.counts, counts)


def category_stability(reference: CategoryBins, values: Categories) -> Stability:
    """Return how far newer categories have moved from the reference."""
    found, missing = _named(values)
    known = [found.pop(name, 0) for name in reference.categories]
    counts = (*known, sum(found.values()), missing)
    return stability(reference.labels, reference.counts, counts)


def stability(
    labels: Sequence[str], expected: Sequence[float] | _Counts, actual: Sequence[float] | _Counts
) -> Stability:
    """Return the index of two sets of counts in the same bins.

    Bins empty in both samples are left out of it and of the degrees of freedom.
    """
    before, after = (np.asarray(counts, dtype=np.float64) for counts in (expected, actual))
    if not (before.shape == after.shape == (len(labels),)):
        raise ValueError("The two samples must have the same bins.")
    n_before, n_after = int(before.sum()), int(after.sum())
    if n_before == 0 or n_after == 0:
        raise ValueError("Both samples need at least one person.")
    filled = np.flatnonzero(before + after)
    shares = (before / n_before)[filled].tolist(), (after / n_after)[filled].tolist()
    terms = metrics.psi_terms(*shares)
    value = math.fsum(terms)
    several, noise = len(filled) > 1, 1 / n_before + 1 / n_after
    return Stability(
        psi=value,
        band=metrics.psi_band(value),
        bins=tuple(
            BinShift(labels[place], *facts)
            for place, *facts in zip(filled.tolist(), *shares, terms, strict=True)
        ),
        n_expected=n_before,
        n_actual=n_after,
        noise_limit=metrics.psi_noise_limit(bins=len(filled), n_expected=n_before, n_actual=n_after)
        if several
        else None,
        p_value=float(special.chdtrc(len(filled) - 1, value / noise)) if several else None,
    )


def points_shift(
    expected: Sequence[float], actual: Sequence[float], points: Sequence[float]
) -> float:
    """Return by how many points a characteristic moved the mean score: sum (a - e) x points."""
    before, after, worth = (np.asarray(part, dtype=float) for part in (expected, actual, points))
    if not (before.shape == after.shape == worth.shape):
        raise ValueError("The two samples and the points must have the same bins.")
    return math.fsum((after - before) * worth)


def _numbers(values: Floats | Sequence[float]) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or len(numbers) == 0:
        raise ValueError("A sample needs a list of at least one value.")
    if np.isinf(numbers).any():
        raise ValueError("A sample holds an infinite value.")
    return numbers


def _named(values: Categories) -> tuple[dict[str, int], int]:
    """Return how often each category occurs, and how many are missing."""
    names = pd.Series(values, dtype=object)
    if len(names) == 0:
        raise ValueError("A sample needs a list of at least one value.")
    present = names.dropna().astype(str)
    counts = present.value_counts()
    return {str(name): int(count) for name, count in counts.items()}, len(names) - len(present)


def _count_numbers(edges: Floats, numbers: Floats) -> _Counts:
    missing = np.isnan(numbers)
    places = np.searchsorted(edges, numbers[~missing], side="right")
    counts = np.bincount(places, minlength=len(edges) + 1)
    return np.append(counts, missing.sum()).astype(np.float64)
