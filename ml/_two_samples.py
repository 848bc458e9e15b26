"""Whether two samples can come from one population: the tests behind a report of drift."""

import numpy as np
import numpy.typing as npt
from scipy import special

from ml import proportions
from ml.proportions import Count

Floats = npt.NDArray[np.float64]

_FEWEST_EXPECTED = 5


def in_order(values: Floats) -> Floats:
    """Return the values that are present, sorted."""
    return np.sort(values[~np.isnan(values)])


def kolmogorov_smirnov(first: Floats, second: Floats) -> tuple[float, float] | None:
    """Return the distance of two sorted samples and its asymptotic p-value.

    Between two values of the smaller sample its curve is flat and the other's only rises, so the
    largest distance lies just below or at one of its values: no need to visit all of the larger.
    """
    few, many = sorted((first, second), key=len)
    if len(few) == 0:
        return None
    at = few[np.flatnonzero(np.diff(few, append=np.inf))]
    at_most = np.searchsorted(few, at, side="right") / len(few)
    below = np.append(0.0, at_most[:-1])
    distance = max(
        float(np.abs(below - np.searchsorted(many, at, side="left") / len(many)).max()),
        float(np.abs(at_most - np.searchsorted(many, at, side="right") / len(many)).max()),
    )
    effective = len(few) * len(many) / (len(few) + len(many))
    return distance, float(special.kolmogorov(np.sqrt(effective) * distance))


def chi_square(before: Floats, now: Floats) -> tuple[float, float] | None:
    """Return Cramer's V and the p-value of two rows of counts with the same distribution.

    The rarest bins are taken together until each expects at least five in both rows, without
    which the chi-square distribution does not hold (Cochran, 1954).
    """
    table = np.vstack([before, now])
    sizes = table.sum(axis=1)
    if sizes.min() == 0:
        return None
    table = table[:, np.argsort(table.sum(axis=0), kind="stable")]
    expected = table.sum(axis=0) * sizes.min() / sizes.sum()
    rare = int((expected < _FEWEST_EXPECTED).sum())
    if 0 < expected[:rare].sum() < _FEWEST_EXPECTED:
        rare += 1
    if rare:
        table = np.column_stack([table[:, :rare].sum(axis=1), table[:, rare:]])
    table = table[:, table.sum(axis=0) > 0]
    freedom = table.shape[1] - 1
    if freedom < 1:
        return None
    expected = np.outer(sizes, table.sum(axis=0)) / sizes.sum()
    chi2 = float(((table - expected) ** 2 / expected).sum())
    return float(np.sqrt(chi2 / sizes.sum())), float(special.chdtrc(freedom, chi2))


def missing_p_value(before: Count, now: Count) -> float | None:
    """Return the two-sided p-value of equal shares; exact where a cell expects too few."""
    p_value = proportions.pooled_p_value(now, before)
    if p_value is None or proportions.smallest_expected(now, before) >= _FEWEST_EXPECTED:
        return p_value
    return proportions.fisher_p_value(now, before)
