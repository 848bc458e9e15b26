"""Who was approved, group against group. Rule book 4.6."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import metrics, proportions
from ml.proportions import Bounds, Count

Flags = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.object_]

NOT_STATED = "not stated"
INSUFFICIENT = "insufficient sample"


@dataclass(frozen=True, kw_only=True)
class FairnessConfig:
    """When a group is large enough, what counts as adverse, and against whom.

    No verdict is given on fewer than `minimum_n` people, nor where equal rates would lead to
    expect fewer than `minimum_expected` in a cell of the table. `reference` names the group all
    others are compared with; None takes the most selected one of at least `minimum_n` people.
    """

    minimum_n: int = 30
    minimum_expected: float = 5.0
    four_fifths: float = 0.80
    confidence: float = 0.95
    reference: str | None = None

    def __post_init__(self) -> None:
        """Refuse limits that nothing or everything would meet."""
        if self.minimum_n < 1 or self.minimum_expected < 0:
            raise ValueError("The smallest group has at least one person, the cell at least 0.")
        if not (0 < self.four_fifths <= 1 and 0 < self.confidence < 1):
            raise ValueError("The ratio to reach and the confidence lie between 0 and 1.")


@dataclass(frozen=True)
class Comparison:
    """The selection rate of a group against the reference group.

    `caution` is the rule that forbids a verdict, or None; then `flag` says whether the ratio is
    below four fifths and `significant` whether chance explains the difference badly (z test).
    """

    ratio: float | None
    ratio_interval: Bounds | None
    difference: float
    z: float | None
    p_value: float | None
    fisher_p_value: float
    significant: bool | None
    flag: bool | None
    caution: str | None

    @property
    def verdict(self) -> str:
        """Return insufficient sample, undefined, below four fifths or within four fifths."""
        if self.caution is not None:
            return INSUFFICIENT
        if self.flag is None:
            return "undefined"
        return "below four fifths" if self.flag else "within four fifths"


def labels(groups: Sequence[object] | npt.NDArray[Any]) -> Labels:
    """Return the group of every person as text; a missing or empty value is "not stated"."""
    given = pd.Series(list(groups), dtype=object)
    text = given.astype(str).str.strip()
    return np.where(given.isna() | (text == ""), NOT_STATED, text).astype(object)


def selection_counts(selected: Flags, groups: Labels) -> dict[str, Count]:
    """Return the approved and all people of every group, the groups in order of their names."""
    names, positions = np.unique(groups.astype(str), return_inverse=True)
    totals = np.bincount(positions, minlength=len(names))
    hits = np.bincount(positions, weights=selected, minlength=len(names))
    return {
        str(name): Count(int(hit), int(total))
        for name, hit, total in zip(names, hits, totals, strict=True)
    }


def reference_group(counts: dict[str, Count], config: FairnessConfig) -> str:
    """Return the named reference, or the most selected group of enough people.

    "Not stated" is chosen only where nobody stated anything: it is no class of people. Among
    equal rates the larger group wins. With no group large enough it is the most selected of all.
    """
    if config.reference is not None:
        if config.reference not in counts:
            raise ValueError(f"Nobody belongs to the reference group {config.reference!r}.")
        return config.reference
    stated = {name: count for name, count in counts.items() if name != NOT_STATED} or counts
    large = {name: count for name, count in stated.items() if count.total >= config.minimum_n}
    eligible = large or stated
    return max(eligible, key=lambda name: (eligible[name].rate, eligible[name].total))


def compare(count: Count, reference: Count, config: FairnessConfig) -> Comparison:
    """Return the selection of a group, approved of all, against the reference. Rule book 4.6."""
    impact = metrics.adverse_impact(
        selected=count.hits,
        total=count.total,
        reference_selected=reference.hits,
        reference_total=reference.total,
    )
    caution = _caution(count, reference, config)
    silent = caution is not None
    return Comparison(
        ratio=impact.ratio,
        ratio_interval=proportions.ratio_interval(count, reference, confidence=config.confidence),
        difference=impact.difference,
        z=impact.z,
        p_value=impact.p_value,
        fisher_p_value=proportions.fisher_p_value(count, reference),
        significant=None
        if silent or impact.p_value is None
        else impact.p_value < 1 - config.confidence,
        flag=None if silent or impact.ratio is None else impact.ratio < config.four_fifths,
        caution=caution,
    )


def _caution(count: Count, reference: Count, config: FairnessConfig) -> str | None:
    if min(count.total, reference.total) < config.minimum_n:
        return f"Fewer than {config.minimum_n} people in one of the two groups."
    if proportions.smallest_expected(count, reference) < config.minimum_expected:
        return f"Fewer than {config.minimum_expected:g} people expected in one of the four cells."
    return None
