"""How a cut-off treats the groups of a protected attribute. Rule book 4.6.

`selected` means approved: the probability of default lies below the cut-off. A true positive is a
good applicant who was approved, a false positive a bad one. The four-fifths ratio is governance
evidence, not a legal safe harbour. Groups too small to judge get numbers and no verdict. A person
without a value belongs to a group of their own, "not stated".
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import discrimination, metrics, proportions
from ml._selection import (
    INSUFFICIENT,
    NOT_STATED,
    Comparison,
    FairnessConfig,
    Flags,
    Labels,
    compare,
    labels,
    reference_group,
    selection_counts,
)
from ml.proportions import Bounds, Count

__all__ = [
    "INSUFFICIENT",
    "NOT_STATED",
    "Comparison",
    "FairnessConfig",
    "FairnessReport",
    "Group",
    "GroupOutcomes",
    "approved_below",
    "assess",
    "compare",
    "labels",
    "reference_group",
    "selection_counts",
]

Floats = npt.NDArray[np.float64]

_DEFAULTS = FairnessConfig()


@dataclass(frozen=True)
class GroupOutcomes:
    """What became of the people of a group whose outcome is known.

    The rates of approval are None where no outcome of a refused applicant is known, because then
    they would be 1 by construction. Differences are group minus reference. `calibrated` says
    whether the mean probability lies in the Jeffreys interval of the observed rate.
    """

    n: int
    bads: int
    mean_pd: float
    observed_rate: float
    observed_interval: Bounds
    calibrated: bool | None
    auc: float | None
    auc_interval: Bounds | None
    true_positive_rate: float | None
    false_positive_rate: float | None
    equal_opportunity_difference: float | None
    equal_opportunity_interval: Bounds | None
    average_odds_difference: float | None
    caution: str | None


@dataclass(frozen=True)
class Group:
    """One group: how many, how many approved, against the reference, and what became of them."""

    name: str
    n: int
    selected: int
    selection_rate: float
    selection_interval: Bounds
    comparison: Comparison | None
    outcomes: GroupOutcomes | None


@dataclass(frozen=True)
class FairnessReport:
    """All groups of one attribute; the summary measures are over groups large enough to judge.

    `comparison` is None for the reference group alone. Summaries are fairlearn's: the smallest
    over the largest rate, or the largest minus the smallest.
    """

    attribute: str
    n: int
    reference: str
    groups: tuple[Group, ...]
    demographic_parity_ratio: float | None
    demographic_parity_difference: float | None
    equalized_odds_difference: float | None
    config: FairnessConfig

    @property
    def flagged(self) -> tuple[str, ...]:
        """Return the groups with a ratio below four fifths and enough people to say so."""
        return tuple(g.name for g in self.groups if g.comparison is not None and g.comparison.flag)

    def group(self, name: str) -> Group:
        """Return the group of that name; KeyError if there is none."""
        return {group.name: group for group in self.groups}[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values, verdicts included."""
        found = asdict(self)
        for group, written in zip(self.groups, found["groups"], strict=True):
            if group.comparison is not None:
                written["comparison"]["verdict"] = group.comparison.verdict
        return {**found, "flagged": list(self.flagged)}


def approved_below(pd: metrics.Numbers, cut_off: float) -> Flags:
    """Return who is approved: those whose probability of default is below the cut-off."""
    approved: Flags = np.asarray(pd, dtype=np.float64) < cut_off
    return approved


def assess(
    pd: metrics.Numbers,
    selected: npt.NDArray[Any],
    groups: Sequence[object] | npt.NDArray[Any],
    *,
    attribute: str,
    bad: metrics.Outcomes | None = None,
    config: FairnessConfig = _DEFAULTS,
) -> FairnessReport:
    """Return how the groups of an attribute fared, one entry per person in every list.

    `bad` is 1 (defaulted), 0 (good) or NaN (not known, left out of all that needs outcomes).
    Outcomes of refused people come from a development or through-the-door sample. ValueError if
    the lists differ in length, are empty, or the named reference does not occur.
    """
    people = _checked(pd, selected, groups, bad)
    counts = selection_counts(people.selected, people.groups)
    reference = reference_group(counts, config)
    outcomes = _outcomes(people, reference, config)
    parity = _parity(people, [name for name, count in counts.items() if _is_large(count, config)])
    return FairnessReport(
        attribute=attribute,
        n=len(people.pd),
        reference=reference,
        groups=tuple(
            Group(
                name=name,
                n=count.total,
                selected=count.hits,
                selection_rate=count.rate,
                selection_interval=proportions.wilson(count, confidence=config.confidence),
                comparison=None if name == reference else compare(count, counts[reference], config),
                outcomes=outcomes.get(name),
            )
            for name, count in counts.items()
        ),
        demographic_parity_ratio=parity[0],
        demographic_parity_difference=parity[1],
        equalized_odds_difference=_odds_difference(people, outcomes),
        config=config,
    )


@dataclass(frozen=True)
class _People:
    """Checked arrays of one length; `bad` is NaN where the outcome is not known."""

    pd: Floats
    selected: Flags
    groups: Labels
    bad: Floats

    def only(self, rows: Flags) -> "_People":
        """Return the people of those rows."""
        return _People(self.pd[rows], self.selected[rows], self.groups[rows], self.bad[rows])


def _checked(
    pd: metrics.Numbers,
    selected: npt.NDArray[Any],
    groups: Sequence[object] | npt.NDArray[Any],
    bad: metrics.Outcomes | None,
) -> _People:
    scores, chosen = np.asarray(pd, dtype=np.float64), np.asarray(selected)
    outcomes = np.full(len(scores), np.nan) if bad is None else np.asarray(bad, dtype=np.float64)
    if len(scores) == 0 or not len(scores) == len(chosen) == len(groups) == len(outcomes):
        raise ValueError("Probabilities, selections, groups and outcomes must be equally many.")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("A probability of default is not a number between 0 and 1.")
    if not np.isin(chosen, (0, 1)).all():
        raise ValueError("Everybody is either selected (1) or not (0).")
    if not np.isin(outcomes[~np.isnan(outcomes)], (0, 1)).all():
        raise ValueError("An outcome is 0 (good), 1 (bad) or not known.")
    return _People(scores, chosen.astype(bool), labels(groups), outcomes)


def _is_large(count: Count, config: FairnessConfig) -> bool:
    return count.total >= config.minimum_n


def _parity(people: _People, large: list[str]) -> tuple[float | None, float | None]:
    """Return fairlearn's ratio and difference of selection over groups large enough to judge."""
    judged = people.only(np.isin(people.groups.astype(str), large))
    if len(large) < 2 or not judged.selected.any():
        return None, None
    # fairlearn takes seconds to import, and scoring must not wait for it.
    from fairlearn import metrics as fair  # type: ignore[import-untyped] # noqa: PLC0415

    chosen = judged.selected.astype(int)
    frame = fair.MetricFrame(
        metrics=fair.selection_rate,
        y_true=chosen,
        y_pred=chosen,
        sensitive_features=judged.groups,
    )
    return float(frame.ratio()), float(frame.difference())


def _odds_difference(people: _People, outcomes: dict[str, GroupOutcomes]) -> float | None:
    """Return fairlearn's equalized odds difference over groups large enough to judge."""
    large = [
        name
        for name, group in outcomes.items()
        if group.caution is None and group.true_positive_rate is not None
    ]
    if len(large) < 2:
        return None
    # Kept out of the import of this module; see `_parity`.
    from fairlearn import metrics as fair  # noqa: PLC0415

    judged = people.only(np.isin(people.groups.astype(str), large) & ~np.isnan(people.bad))
    return float(
        fair.equalized_odds_difference(
            y_true=(1 - judged.bad).astype(int),
            y_pred=judged.selected.astype(int),
            sensitive_features=judged.groups,
        )
    )


@dataclass(frozen=True)
class _Approvals:
    """The approved among the good and among the bad of a group; None where unknown or nobody."""

    good: Count | None = None
    bad: Count | None = None


def _outcomes(people: _People, reference: str, config: FairnessConfig) -> dict[str, GroupOutcomes]:
    known = people.only(~np.isnan(people.bad))
    # Where only the approved have outcomes, "approved among the good" is 1 and says nothing.
    blind = not people.selected.all() and bool(known.selected.all())
    approvals = {} if blind else _approvals(known)
    return {
        name: _group_outcomes(
            known.only(known.groups == name),
            approvals.get(name, _Approvals()),
            None if name == reference else approvals.get(reference),
            config,
        )
        for name in np.unique(known.groups.astype(str)).tolist()
    }


def _approvals(known: _People) -> dict[str, _Approvals]:
    good, bad = (
        selection_counts(known.selected[known.bad == value], known.groups[known.bad == value])
        for value in (0, 1)
    )
    return {name: _Approvals(good.get(name), bad.get(name)) for name in {*good, *bad}}


def _group_outcomes(
    group: _People, own: _Approvals, reference: _Approvals | None, config: FairnessConfig
) -> GroupOutcomes:
    count = Count(int(group.bad.sum()), len(group.bad))
    low, high = proportions.jeffreys(count, confidence=config.confidence)
    caution = _outcome_caution(count, config)
    mean_pd = float(group.pd.mean())
    area = discrimination.auc_interval(group.pd, group.bad, level=config.confidence)
    against = _Approvals() if reference is None else reference
    opportunity, odds = _gap(own.good, against.good), _gap(own.bad, against.bad)
    return GroupOutcomes(
        n=count.total,
        bads=count.hits,
        mean_pd=mean_pd,
        observed_rate=count.rate,
        observed_interval=(low, high),
        calibrated=None if caution is not None else low <= mean_pd <= high,
        auc=None if area is None else area.value,
        auc_interval=None
        if area is None or area.lower is None or area.upper is None
        else (area.lower, area.upper),
        true_positive_rate=None if own.good is None else own.good.rate,
        false_positive_rate=None if own.bad is None else own.bad.rate,
        equal_opportunity_difference=opportunity,
        equal_opportunity_interval=None
        if own.good is None or against.good is None
        else proportions.difference_interval(own.good, against.good, confidence=config.confidence),
        average_odds_difference=None
        if opportunity is None or odds is None
        else (opportunity + odds) / 2,
        caution=caution,
    )


def _gap(own: Count | None, reference: Count | None) -> float | None:
    return None if own is None or reference is None else own.rate - reference.rate


def _outcome_caution(bads: Count, config: FairnessConfig) -> str | None:
    if not _is_large(bads, config):
        return f"Fewer than {config.minimum_n} people with a known outcome."
    if min(bads.hits, bads.total - bads.hits) < config.minimum_expected:
        return f"Fewer than {config.minimum_expected:g} good or bad outcomes."
    return None
