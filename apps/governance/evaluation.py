"""How well stored probabilities order and describe what happened: the figures people compare."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import metrics

Numbers = Sequence[float] | npt.NDArray[np.float64]
Outcomes = Sequence[int] | npt.NDArray[np.float64]


def measure(pd: Numbers, bad: Outcomes) -> dict[str, Any]:
    """Return AUC, KS, Brier score, calibration error and calibration by band, as JSON values.

    Rule book 9.5 to 9.8. AUC and KS are None where only one outcome occurred.
    """
    return {
        "n": len(bad),
        "bads": int(np.sum(bad)),
        "auc": metrics.auc(pd, bad),
        "gini": metrics.gini(pd, bad),
        "ks": metrics.ks(pd, bad),
        "brier": metrics.brier(pd, bad),
        "brier_skill": metrics.brier_skill(pd, bad),
        "log_loss": metrics.log_loss(pd, bad),
        "expected_calibration_error": metrics.expected_calibration_error(pd, bad),
        "bands": [asdict(band) for band in metrics.calibration_by_band(pd, bad)],
    }
