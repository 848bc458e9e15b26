"""What of a model is watched, and when it is beyond a limit. Pure.

A limit alone would be crossed by chance where few were scored: a reading counts as beyond it only
where the sample says so, too. `surest` is the end of its interval nearest to the limit; where a
test speaks for the reading instead, `is_real` is its answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ml import proportions
from ml.proportions import Count

SCORE = "score"


class Measure(StrEnum):
    """Each figure that can have limits."""

    FEATURE_PSI = "feature_psi"
    SCORE_PSI = "score_psi"
    MISSING_CHANGE = "missing_change"
    OUT_OF_RANGE = "out_of_range"
    UNSEEN = "unseen"
    APPROVAL_CHANGE = "approval_change"
    DEPARTURES = "departures"
    FAILURES = "failures"
    LATENCY = "latency"
    AUC_DROP = "auc_drop"
    LEVEL_CHANGE = "level_change"
    SLOPE_CHANGE = "slope_change"
    IMPACT_RATIO = "impact_ratio"


class Level(StrEnum):
    """How grave it is; each is a limit of its own."""

    INFORM = "inform"
    REVIEW = "review"
    STOP = "stop"


# A breach of these is a value below the limit; of all others, one above it.
BREACHED_BELOW = frozenset({Measure.IMPACT_RATIO})
# Beyond a limit on these, what the model learned no longer describes whom it judges.
DRIFT = frozenset(
    {
        Measure.FEATURE_PSI,
        Measure.SCORE_PSI,
        Measure.AUC_DROP,
        Measure.LEVEL_CHANGE,
        Measure.SLOPE_CHANGE,
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a measure: of a feature, a group or the whole (an empty subject)."""

    measure: Measure
    subject: str
    value: float
    surest: float
    is_real: bool = True

    def is_beyond(self, bound: float) -> bool:
        """Say whether the reading is beyond a limit, and not by chance; on it is within."""
        if self.measure in BREACHED_BELOW:
            return self.is_real and self.surest < bound
        return self.is_real and self.surest > bound


def of_population(
    facts: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> Iterator[Reading]:
    """Yield what was read of those who were scored; `before` are the facts of the span before."""
    yield from _of_drift(facts.get("drift"))
    decisions = facts["decisions"]
    earlier = None if before is None else before["decisions"]["approved"]
    change = _approval_change(decisions["approved"], earlier)
    if change is not None:
        yield change
    yield from _share(Measure.DEPARTURES, decisions["departed"])
    yield from _share(Measure.FAILURES, decisions["failed"])
    latency = decisions["latency"]
    if latency["p95"] is not None:
        # No time is negative: of too few nothing is surely slower than that.
        low = latency["p95_low"]
        yield Reading(Measure.LATENCY, "", latency["p95"], 0.0 if low is None else low)


def of_outcomes(facts: Mapping[str, Any]) -> Iterator[Reading]:
    """Yield what was read of the newest vintage with a verdict."""
    judged = [month for month in facts["vintages"] if month["p_values"]]
    if not judged:
        return
    last = judged[-1]
    for measure, name, sign in (
        (Measure.AUC_DROP, "auc", -1),
        (Measure.LEVEL_CHANGE, "level", 0),
        (Measure.SLOPE_CHANGE, "slope", 0),
    ):
        change, p_value = last[f"{name}_change"], last["p_values"].get(name)
        if change is not None:
            value = sign * change if sign else abs(change)
            yield Reading(measure, "", value, value, p_value is not None and p_value < _ALPHA)


def of_groups(facts: Iterable[Mapping[str, Any]]) -> Iterator[Reading]:
    """Yield the ratio of each group to its reference; small groups give none."""
    for attribute in facts:
        for group in attribute["groups"]:
            compared = group["comparison"]
            if compared is None or compared["caution"] or compared["ratio"] is None:
                continue
            yield Reading(
                Measure.IMPACT_RATIO,
                f"{attribute['attribute']}: {group['group']}",
                compared["ratio"],
                compared["ratio"],
                bool(compared["significant"]),
            )


_ALPHA = 0.05


def _of_drift(report: Mapping[str, Any] | None) -> Iterator[Reading]:
    if report is None:
        return
    for shift in (report["score"], *report["features"]):
        is_score = shift["name"] == SCORE and shift is report["score"]
        yield Reading(
            Measure.SCORE_PSI if is_score else Measure.FEATURE_PSI,
            "" if is_score else shift["name"],
            shift["psi"],
            shift["psi"],
            _is_moved(shift),
        )
        if is_score:
            continue
        change = abs(shift["missing_now"] - shift["missing_before"])
        p_value = shift["missing_adjusted_p_value"]
        yield Reading(
            Measure.MISSING_CHANGE,
            shift["name"],
            change,
            change,
            p_value is not None and p_value < _ALPHA,
        )
        for measure in (Measure.OUT_OF_RANGE, Measure.UNSEEN):
            yield from _share(measure, (shift[measure.value], shift["n"]), subject=shift["name"])


def _is_moved(shift: Mapping[str, Any]) -> bool:
    """Say whether a distribution moved, allowing for chance and for all that is tested."""
    p_value, limit = shift["adjusted_p_value"], shift["psi_noise_limit"]
    return p_value is not None and p_value < _ALPHA and limit is not None and shift["psi"] > limit


def _approval_change(now: tuple[int, int], before: tuple[int, int] | None) -> Reading | None:
    """Return by how much the rate of approval changed since the span before, either way."""
    if before is None or not now[1] or not before[1]:
        return None
    counts = Count(*now), Count(*before)
    low, high = proportions.difference_interval(*counts)
    change = abs(counts[0].rate - counts[1].rate)
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return Reading(Measure.APPROVAL_CHANGE, "", change, nearest)


def _share(
    measure: Measure, found: tuple[int, int] | list[int], *, subject: str = ""
) -> Iterator[Reading]:
    hits, total = found
    if total:
        count = Count(hits, total)
        yield Reading(measure, subject, count.rate, proportions.wilson(count)[0])
