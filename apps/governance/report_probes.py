"""What a model does when it is asked to explain itself, and when its input is spoilt. Pure.

Everything is drawn from the later loans with fixed seeds, and of many loans only some are taken:
the numbers say how many.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from apps.governance.report_facts import Facts, Floats, Rows, plain
from ml import explain, lime, sensitivity
from ml.sensitivity import SensitivityConfig, Subject
from ml.serving import Scorer

MOST_IMPORTANT = 12
_ROWS_EXPLAINED, _ROWS_OF_LIME, _ROWS_PERMUTED = 5_000, 30, 5_000
_CONFIG = SensitivityConfig(rows=3_000, sweep_rows=300, sweep_points=11)
_TIMED, _WARM = 200, 20


def explanation(scorer: Scorer, later: Rows) -> Facts:
    """Return how exact the explanations are, and how far other methods agree with them."""
    matrix = _some(later.matrix, _ROWS_EXPLAINED)
    shares = explain.attribute(scorer.model, matrix)
    importance = explain.global_importance(shares)
    drops = explain.permutation_importance(
        scorer.model,
        _some(later.matrix, _ROWS_PERMUTED),
        _some(later.bad, _ROWS_PERMUTED),
        repeats=3,
    )
    directions = explain.directions(shares)
    agreed = lime.agreement(scorer.model, matrix, _some(later.matrix, _ROWS_OF_LIME))
    return {
        "rows": len(matrix),
        "additivity_error": shares.additivity_error,
        "tolerance": explain.ADDITIVITY_TOLERANCE,
        "importance": plain(list(importance[:MOST_IMPORTANT])),
        "permutation_agreement": _agreement(importance, drops),
        "lime": plain(agreed),
        "against_direction": [one.name for one in directions if one.agrees is False],
        "with_direction": sum(one.agrees is True for one in directions),
    }


def robustness(scorer: Scorer, later: Rows, *, cut_off: float) -> Facts:
    """Return what missing values, noise, sweeps and extremes do to probabilities and decisions."""
    subject = Subject(scorer.score_matrix, scorer.schema, later.matrix, cut_off)
    gaps = sensitivity.missing_values(subject, later.bad, config=_CONFIG)
    noise = sensitivity.perturbation(subject, later.bad, config=_CONFIG)
    sweeps = sensitivity.monotone_violations(subject, config=_CONFIG)
    return {
        "rows": gaps.rows,
        "missing": plain(gaps.to_dict()["effects"]),
        "noise": plain(noise.to_dict()["effects"]),
        "noise_share": _CONFIG.noise,
        "swept": len(sweeps),
        "violating": plain([one for one in sweeps if one.violating > 0]),
        "extremes": plain(sensitivity.extremes(subject).to_dict()),
    }


def speed(scorer: Scorer, rows: Sequence[Mapping[str, Any]]) -> Facts:
    """Return how long one score with its explanation takes, in milliseconds."""
    asked = [rows[place % len(rows)] for place in range(_TIMED + _WARM)]
    taken = []
    for row in asked:
        begun = time.perf_counter()
        scorer.score_one(row)
        taken.append((time.perf_counter() - begun) * 1_000)
    measured = np.array(taken[_WARM:])
    return {
        "scores": len(measured),
        "median_ms": round(float(np.median(measured)), 3),
        "slow_ms": round(float(np.quantile(measured, 0.95)), 3),
    }


def _some(values: Floats, most: int) -> Floats:
    """Return at most so many rows, evenly spread; of all arrays the same ones."""
    if len(values) <= most:
        return values
    found: Floats = values[np.linspace(0, len(values) - 1, most).round().astype(np.int_)]
    return found


def _agreement(importance: Any, drops: Any) -> float | None:
    if any(drop.auc_drop is None for drop in drops):
        return None
    found = explain.importance_agreement(importance, drops)
    return None if found is None else float(found)
