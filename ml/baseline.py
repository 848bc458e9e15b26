"""What the development sample looked like, and how far newer data has moved from it.

A baseline is JSON: for the score and for every feature the bins fixed on the development sample
and the share in each, with missing values as a bin of their own.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import metrics
from ml.schema import Feature, Schema

Floats = npt.NDArray[np.float64]
Baseline = dict[str, Any]

_BINS = 10


def of_sample(schema: Schema, matrix: Floats, scores: Floats) -> Baseline:
    """Return the baseline of an encoded sample and its unrounded scores."""
    return {
        "rows": len(scores),
        "score": _of_numbers(scores),
        "features": {
            feature.name: _of_feature(feature, matrix[:, position])
            for position, feature in enumerate(schema.features)
        },
    }


def shares(entry: Mapping[str, Any], values: Floats) -> list[float]:
    """Return the share of `values` in each bin of a baseline entry; the last bin is missing."""
    return [count / len(values) for count in counts(entry, values)]


def counts(entry: Mapping[str, Any], values: Floats) -> list[int]:
    """Return how many of `values` lie in each bin of a baseline entry; the last bin is missing."""
    edges = np.asarray(entry["edges"], dtype=np.float64)
    missing = np.isnan(values)
    bins = np.searchsorted(edges, values[~missing], side="right")
    found = np.bincount(bins, minlength=len(edges) + 1)
    return [*(int(count) for count in found), int(missing.sum())]


def check_unit(baseline: Mapping[str, Any], scores: Floats) -> None:
    """Raise ValueError if scores are probabilities where the baseline has points, or the reverse.

    Known by their place: probabilities lie from 0 to 1, all points of a scale above.
    """
    edges = baseline["score"]["edges"]
    if len(edges) == 0 or len(scores) == 0:
        return
    of_points, of_probabilities = min(edges) > 1, min(edges) >= 0 and max(edges) <= 1
    if of_points and scores.min() >= 0 and scores.max() <= 1:
        raise ValueError("The scores are probabilities; the baseline is of points, so give points.")
    if of_probabilities and scores.min() > 1:
        raise ValueError("The scores are points; the baseline is of probabilities, so give those.")


def score_psi(baseline: Mapping[str, Any], scores: Floats) -> float:
    """Return the stability index of newer unrounded scores against the baseline.

    ValueError as in `check_unit`.
    """
    check_unit(baseline, scores)
    return _psi(baseline["score"], scores)


def feature_psi(baseline: Mapping[str, Any], schema: Schema, matrix: Floats) -> dict[str, float]:
    """Return the stability index of every feature of a newer encoded sample."""
    return {
        name: _psi(baseline["features"][name], matrix[:, position])
        for position, name in enumerate(schema.names)
    }


def _psi(entry: Mapping[str, Any], values: Floats) -> float:
    return metrics.psi(entry["shares"], shares(entry, values))


def _of_feature(feature: Feature, values: Floats) -> Baseline:
    if feature.kind == "category":
        return _with_edges(values, [code + 0.5 for code in range(len(feature.categories) - 1)])
    return _of_numbers(values)


def _of_numbers(values: Floats) -> Baseline:
    present = values[~np.isnan(values)]
    if len(present) == 0:
        return _with_edges(values, [])
    cuts = np.quantile(present, np.arange(1, _BINS) / _BINS, method="inverted_cdf")
    inside = np.unique(cuts)
    return _with_edges(values, [float(cut) for cut in inside])


def _with_edges(values: Floats, edges: list[float]) -> Baseline:
    entry: Baseline = {"edges": edges}
    return {**entry, "shares": shares(entry, values)}
