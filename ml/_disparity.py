"""Who is approved at a fixed approval rate, and how unequal that is between groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml import fairness, metrics
from ml.fairness import Comparison, FairnessConfig
from ml.proportions import Bounds, Count

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int_]
Labels = npt.NDArray[np.object_]


@dataclass(frozen=True)
class AtRate:
    """What approving a fixed share of applicants by one model leads to.

    `reached` is the share really approved: people of equal score are approved together or not at
    all. `ratio` is the selection rate of the worst treated group of enough people over that of
    `reference`, at most 1, with its interval; None if nobody of the reference was approved.
    `bad_rate` is that of the approved, None if there are none.
    """

    approval_rate: float
    reached: float
    ratio: float | None
    ratio_interval: Bounds | None
    significant: bool | None
    worst_group: str
    reference: str
    bad_rate: float | None


@dataclass(frozen=True)
class HeldOut:
    """People of one fold: their positions in the sample and the scores they got."""

    rows: Rows
    scores: Floats


def lowest(scores: Floats, share: float) -> Flags:
    """Return who is among the `share` of lowest scores, as near to it as equal scores allow."""
    _, position, counts = np.unique(scores, return_inverse=True, return_counts=True)
    reached = np.concatenate([[0], np.cumsum(counts)])
    last = int(np.abs(reached - share * len(scores)).argmin())
    chosen: Flags = position < last
    return chosen


def mean_auc(folds: Sequence[HeldOut], bad: Floats) -> Floats:
    """Return the AUC of every fold; scores of different folds share no scale."""
    return np.array([metrics.auc(fold.scores, bad[fold.rows]) for fold in folds], dtype=np.float64)


def at_rate(
    folds: Sequence[HeldOut],
    bad: Floats,
    groups: Labels,
    *,
    approval_rate: float,
    config: FairnessConfig,
) -> AtRate:
    """Return the outcome of approving the share of lowest scores in every fold."""
    approved = np.zeros(len(bad), dtype=bool)
    for fold in folds:
        approved[fold.rows] = lowest(fold.scores, approval_rate)
    counts = fairness.selection_counts(approved, groups)
    reference = fairness.reference_group(counts, config)
    worst, found = _worst(counts, reference, config)
    return AtRate(
        approval_rate=approval_rate,
        reached=float(approved.mean()),
        ratio=None if found.ratio is None else min(found.ratio, 1.0),
        ratio_interval=found.ratio_interval,
        significant=found.significant,
        worst_group=worst,
        reference=reference,
        bad_rate=float(bad[approved].mean()) if approved.any() else None,
    )


def _worst(
    counts: dict[str, Count], reference: str, config: FairnessConfig
) -> tuple[str, Comparison]:
    large = {
        name: count
        for name, count in counts.items()
        if name != reference and count.total >= config.minimum_n
    }
    worst = min(large, key=lambda name: (large[name].rate, name))
    return worst, fairness.compare(large[worst], counts[reference], config)
