"""How loans turned out whose borrowers a model had judged, vintage by vintage. Pure.

A vintage is the loans whose borrowers were scored in one month. It gets figures once its outcomes
are mature, each with an interval, and a verdict only where development figures are known and
enough loans went either way (`ml.concept_drift`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import concept_drift
from ml.concept_drift import Performance

Floats = npt.NDArray[np.float64]
WINDOW_MONTHS = 12
# A night so many days past due is a default (90+ DPD), of young loans a first sign (30+ DPD).
DEFAULT_DAYS = 90
EARLY_DAYS, EARLY_MONTHS = 30, 3


def facts(
    pd: Floats, bad: Floats, vintages: Sequence[date], development: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the figures of mature loans, one entry each, as JSON values, oldest vintage first."""
    months = np.array([f"{vintage:%Y-%m}" for vintage in vintages])
    known = None if development is None else Performance.from_dict(development)
    if known is None or known.level is None or not len(pd):
        return {"loans": len(pd), "onset": None, "vintages": _without_verdict(pd, bad, months)}
    report = concept_drift.report(pd, bad, months, development=known)
    return {
        "loans": len(pd),
        "onset": report.onset,
        "vintages": [asdict(month) for month in report.months],
    }


def performance(pd: Floats, bad: Floats) -> dict[str, Any]:
    """Return the development figures of a sample, as JSON values."""
    return asdict(concept_drift.performance(pd, bad))


def _without_verdict(pd: Floats, bad: Floats, months: npt.NDArray[Any]) -> list[dict[str, Any]]:
    found = []
    for month in np.unique(months).tolist():
        rows = months == month
        found.append(
            asdict(
                concept_drift.Month(
                    month=month,
                    n=int(rows.sum()),
                    performance=concept_drift.performance(pd[rows], bad[rows]),
                    caution="Nothing is known of how the model did in development.",
                )
            )
        )
    return found
