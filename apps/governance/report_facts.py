"""How well a model ranks, comes true, holds and treats groups, as JSON values. Pure.

Every part is of the later loans, which the model has not seen. A figure that cannot be measured on
them is None, never 0 and never 1. Rule book 9.4 to 9.8 and 4.6.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import (
    calibration_tests,
    comparison,
    discrimination,
    drift,
    fairness,
    metrics,
    proportions,
    stability,
)
from ml.comparison import BootstrapConfig
from ml.proportions import Count
from ml.scaling import Scale
from ml.schema import Schema

Floats = npt.NDArray[np.float64]
Facts = dict[str, Any]

BANDS = 10
# The bootstrap costs rounds x people; more people need fewer rounds for the same care.
_MOST_RESAMPLED = 20_000_000
_FEWEST_ROUNDS, _MOST_ROUNDS = 100, 1_000


@dataclass(frozen=True, eq=False)
class Rows:
    """Encoded loans, what became of them (1 = defaulted), and what the model says of them."""

    matrix: Floats
    bad: Floats
    pd: Floats


@dataclass(frozen=True, eq=False)
class Rival:
    """Another model's probabilities on the same later loans, and whether it has seen them.

    None where it cannot be read: what is not measured passes no gate.
    """

    name: str
    sha256: str
    pd: Floats | None
    has_learned_from_them: bool


def plain(value: Any) -> Any:
    """Return a value as JSON has it: lists for tuples, None for what is no finite number."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def ranking(pd: Floats, bad: Floats) -> Facts:
    """Return how well the probabilities order the outcomes, with intervals. Rule book 9.5."""
    point = discrimination.ks_point(pd, bad)
    return {
        "n": len(bad),
        "bads": int(bad.sum()),
        "bad_rate": float(bad.mean()),
        "bad_rate_interval": plain(proportions.wilson(Count(int(bad.sum()), len(bad)))),
        "auc": plain(discrimination.auc_interval(pd, bad)),
        "gini": plain(discrimination.gini_interval(pd, bad)),
        "ks": plain(point),
        "h_measure": discrimination.h_measure(pd, bad),
        "riskiest_tenth": plain(discrimination.top(pd, bad, share=0.1)),
    }


def calibration(pd: Floats, bad: Floats) -> Facts:
    """Return whether the probabilities come true, with the tests of rule book 9.7 and 9.8."""
    curve = calibration_tests.curve(pd, bad, bands=BANDS)
    tests = calibration_tests.band_tests(pd, bad, bands=BANDS)
    bands = [
        {**plain(test), "interval": [point.lower, point.upper]}
        for point, test in zip(curve, tests, strict=True)
    ]
    return {
        "error": metrics.expected_calibration_error(pd, bad, bands=BANDS),
        "brier": metrics.brier(pd, bad),
        "brier_skill": metrics.brier_skill(pd, bad),
        "log_loss": metrics.log_loss(pd, bad),
        "hosmer_lemeshow": plain(
            calibration_tests.hosmer_lemeshow(pd, bad, independent=True, bands=BANDS)
        ),
        "line": plain(calibration_tests.calibration_line(pd, bad)),
        "bands": bands,
        "red_bands": sum(test.light == "red" for test in tests),
    }


def steadiness(
    later: Rows,
    *,
    development: Rows,
    out_of_fold_auc: float | None,
    months: Sequence[Any] | npt.NDArray[Any],
    segments: Mapping[str, Sequence[Any]],
) -> Facts:
    """Return whether ranking and level hold over time and in every segment.

    `out_of_fold_auc` is that of the rows the model learned from, each judged by a model that had
    not seen it; the drop is from there to the later loans. `segments` are labels by feature.
    """
    area = metrics.auc(later.pd, later.bad)
    has_both = area is not None and out_of_fold_auc is not None
    return {
        "development_auc": out_of_fold_auc,
        "later_auc": area,
        "auc_drop": out_of_fold_auc - area if has_both else None,  # type: ignore[operator]
        "months": _plain_report(
            stability.by_month(later.pd, later.bad, months, development_scores=development.pd)
        ),
        "segments": {
            name: _plain_report(
                stability.by_segment(later.pd, later.bad, labels, development_scores=development.pd)
            )
            for name, labels in segments.items()
        },
    }


def population(
    baseline: Mapping[str, Any] | None, schema: Schema, later: Rows, *, scale: Scale
) -> Facts | None:
    """Return how far later applicants lie from the development sample, with sampling bounds.

    None for a model packed before the sample's shape was kept with it. Rule book 9.4.
    """
    if baseline is None:
        return None
    sample = drift.Sample(later.matrix, scale.scores(later.pd))
    found = drift.report(baseline, schema, sample)
    return {
        "n_development": found.n_development,
        "score": _shift(found.score),
        "features": sorted(
            (_shift(one) for one in found.features), key=lambda one: -float(one["psi"])
        ),
        "alarmed": list(found.alarmed),
    }


def benchmark(pd: Floats, bad: Floats, rival: Rival | None) -> Facts | None:
    """Return the model against another one on the same loans; None without one.

    Differences are the model minus the other one. Without both outcomes nothing is compared.
    """
    if rival is None:
        return None
    facts: Facts = {
        "name": rival.name,
        "sha256": rival.sha256,
        "has_learned_from_them": rival.has_learned_from_them,
        "auc": None if rival.pd is None else metrics.auc(rival.pd, bad),
        "ks": None if rival.pd is None else metrics.ks(rival.pd, bad),
        "differences": [],
        "delong": None,
        "rounds": 0,
    }
    if rival.pd is None or not 0 < bad.sum() < len(bad):
        return facts
    rounds = min(_MOST_ROUNDS, max(_FEWEST_ROUNDS, _MOST_RESAMPLED // len(bad)))
    found = comparison.compare(rival.pd, pd, bad, config=BootstrapConfig(rounds=rounds))
    test = discrimination.delong_test(pd, rival.pd, bad)
    return {
        **facts,
        "differences": plain(list(found.differences)),
        "delong": plain(test),
        "rounds": rounds,
    }


def treatment(
    pd: Floats, bad: Floats, groups: Mapping[str, Sequence[object]], *, cut_off: float
) -> list[Facts]:
    """Return how each group of each protected attribute would fare below the cut-off.

    Rule book 4.6: small groups get numbers and no verdict.
    """
    selected = fairness.approved_below(pd, cut_off)
    return [
        plain(fairness.assess(pd, selected, labels, attribute=name, bad=bad).to_dict())
        for name, labels in groups.items()
    ]


def least_impact_ratio(found: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the lowest ratio of a group large enough to judge; None where none is."""
    ratios = [
        group["comparison"]["ratio"]
        for attribute in found
        for group in attribute["groups"]
        if group["comparison"] is not None
        and group["comparison"]["caution"] is None
        and group["comparison"]["ratio"] is not None
    ]
    return min(ratios, default=None)


def _plain_report(report: stability.StabilityReport) -> Facts:
    found: Facts = plain(report.to_dict())
    return found


def _shift(one: drift.Shift) -> Facts:
    return {
        "name": one.name,
        "psi": one.psi,
        "noise_limit": one.psi_noise_limit,
        "band": one.band,
        "missing_before": one.missing_before,
        "missing_now": one.missing_now,
        "out_of_range": one.out_of_range,
        "alarms": list(one.alarms),
    }
