"""How well stored probabilities order and describe what happened: the figures people compare."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import training

Numbers = Sequence[float] | npt.NDArray[np.float64]
Outcomes = Sequence[int] | npt.NDArray[np.float64]


def measure(pd: Numbers, bad: Outcomes) -> dict[str, Any]:
    """Return the library's figures of a sample, with its size and defaults, as JSON values.

    Rule book 9.5 to 9.8. AUC and KS are None where only one outcome occurred.
    """
    outcomes = np.asarray(bad, dtype=np.float64)
    return {
        "n": len(outcomes),
        "bads": int(outcomes.sum()),
        **training.figures(np.asarray(pd, dtype=np.float64), outcomes),
    }
