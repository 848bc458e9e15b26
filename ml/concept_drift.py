"""Whether the same applicants still turn out the same: monitoring once outcomes are mature.

Each month of applications is held against the development figures by three tests: the AUC
(DeLong), the level and the slope of the outcomes on the predicted log-odds (Cox, 1958). The last
two ask how the outcome follows from the prediction, so they stay still when only the mix of
applicants changes; they move when the relation between applicant and outcome does. p-values are
adjusted for the tests of a month and for all months watched, as in `ml.drift`, and a change must
be large enough to matter. A CUSUM of the standardised residuals adds up what is too small to see
in one month.

Give rows whose outcome window is over. A month with an outcome still open gets no verdict: bad
outcomes come early, so half a month would look worse than it is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from ml import calibration_tests, discrimination, drift, metrics, proportions
from ml.drift import DriftReport
from ml.proportions import Bounds, Count

Floats = npt.NDArray[np.float64]
Change = Literal["none", "population", "concept", "population and concept"]

_TESTS = ("auc", "level", "slope")
_RELATION = frozenset({"level", "slope", "cusum"})
_CLIP = 1e-15


@dataclass(frozen=True, kw_only=True)
class ConceptConfig:
    """How often chance may raise an alarm, and from which size on a change matters.

    `false_alarm_rate` and `months_watched` mean what they do in `DriftConfig`.
    `smallest_level_change` is in log-odds; 0.2231 is a quarter more or fewer bad odds. The CUSUM
    (Page, 1954) subtracts `cusum_allowance` standard deviations a month and alarms above
    `cusum_limit`: 0.5 and 5 raise a false alarm once in about 465 months (Montgomery, 2009). In
    large months it subtracts `cusum_tolerance` of the expected bad count instead, being more.
    A month needs `fewest_of_a_class` good and as many bad outcomes for a verdict.
    """

    false_alarm_rate: float = 0.05
    months_watched: int = 24
    smallest_auc_drop: float = 0.03
    smallest_level_change: float = 0.2231
    smallest_slope_change: float = 0.20
    cusum_allowance: float = 0.5
    cusum_limit: float = 5.0
    cusum_tolerance: float = 0.05
    fewest_of_a_class: int = 10

    def __post_init__(self) -> None:
        """Refuse limits that everything or nothing would meet."""
        if not 0 < self.false_alarm_rate < 1 or self.months_watched < 1:
            raise ValueError("The false alarm rate lies between 0 and 1, over at least one month.")
        if self.cusum_limit <= 0 or self.fewest_of_a_class < 1:
            raise ValueError("The CUSUM limit is positive and a class has at least one member.")
        if min(asdict(self).values()) < 0:
            raise ValueError("No limit is below zero.")


@dataclass(frozen=True)
class Performance:
    """How predictions and outcomes of one sample agree.

    `ks_interval` is that of the distance at the cut-off where it is largest. `jeffreys_p_value`
    is small where the probabilities are too low (rule book 9.8). `level` is the intercept with
    slope one, `slope` that of the outcomes on the predicted log-odds; both with standard errors.
    """

    n: int
    bads: int
    mean_pd: float
    observed_rate: float
    observed_interval: Bounds
    observed_to_expected: float
    observed_to_expected_interval: Bounds
    jeffreys_p_value: float
    auc: float | None
    auc_error: float | None
    auc_interval: Bounds | None
    ks: float | None
    ks_interval: Bounds | None
    level: float | None
    level_error: float | None
    slope: float | None
    slope_error: float | None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Performance":
        """Return the figures that `asdict` and JSON wrote; ValueError if they are not those."""
        try:
            given: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in data.items()
            }
            return cls(**given)
        except TypeError as error:
            raise ValueError(f"These are no figures of performance: {error}.") from error


@dataclass(frozen=True, kw_only=True)
class Month:
    """One month against development. Changes are month minus development; None if not testable.

    `p_values` are adjusted; their names are auc, level and slope. `residual` is the bad count
    minus the expected one in standard deviations, `tolerated` the departure that large months are
    allowed in the same unit, `cusum` the larger of the sums of worse and of better months. A
    month without verdict has the rule for that in `caution`.
    """

    month: str
    n: int
    performance: Performance | None = None
    auc_change: float | None = None
    level_change: float | None = None
    slope_change: float | None = None
    p_values: dict[str, float | None] = field(default_factory=dict)
    residual: float | None = None
    tolerated: float = 0.0
    cusum: float | None = None
    alarms: tuple[str, ...] = ()
    caution: str | None = None


@dataclass(frozen=True)
class ConceptReport:
    """All months, oldest first. `onset` is where the run began that the CUSUM alarmed on."""

    development: Performance
    months: tuple[Month, ...]
    onset: str | None
    config: ConceptConfig

    @property
    def alarmed(self) -> tuple[str, ...]:
        """Return the months that raised an alarm."""
        return tuple(month.month for month in self.months if month.alarms)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {**asdict(self), "alarmed": list(self.alarmed)}


@dataclass(frozen=True)
class Diagnosis:
    """What changed in a month: which features, how the outcomes, and so what kind of change."""

    month: str
    change: Change
    features: tuple[str, ...]
    outcomes: tuple[str, ...]


_DEFAULTS = ConceptConfig()


def performance(pd: metrics.Numbers, bad: metrics.Outcomes) -> Performance:
    """Return the figures of one sample of mature outcomes; ValueError as `metrics.checked`.

    For development give out-of-fold probabilities: those of the training rows flatter.
    """
    scores, outcomes = metrics.checked(pd, bad)
    if scores.min() < 0 or scores.max() > 1 or scores.max() <= 0:
        raise ValueError("Probabilities of default lie between 0 and 1 and are not all 0.")
    count = Count(int(outcomes.sum()), len(outcomes))
    mean_pd = float(scores.mean())
    low, high = proportions.jeffreys(count)
    area = discrimination.auc_interval(scores, outcomes)
    line = calibration_tests.calibration_line(scores, outcomes)
    distance = _ks(scores, outcomes)
    return Performance(
        n=count.total,
        bads=count.hits,
        mean_pd=mean_pd,
        observed_rate=count.rate,
        observed_interval=(low, high),
        observed_to_expected=count.rate / mean_pd,
        observed_to_expected_interval=(low / mean_pd, high / mean_pd),
        jeffreys_p_value=metrics.jeffreys_p_value(n=count.total, bads=count.hits, pd=mean_pd),
        auc=None if area is None else area.value,
        auc_error=None if area is None else area.standard_error,
        auc_interval=None
        if area is None or area.lower is None or area.upper is None
        else (area.lower, area.upper),
        ks=distance[0],
        ks_interval=distance[1],
        level=None if line is None else line.in_the_large,
        level_error=None if line is None else line.in_the_large_error,
        slope=None if line is None else line.slope,
        slope_error=None if line is None else line.slope_error,
    )


def report(
    pd: metrics.Numbers,
    bad: metrics.Outcomes,
    months: Sequence[str] | npt.NDArray[Any],
    *,
    development: Performance,
    config: ConceptConfig = _DEFAULTS,
) -> ConceptReport:
    """Return how every month of applications turned out against development.

    One entry per row; `bad` is NaN while the outcome is open; `months` sorts as text ("2026-03").
    """
    scores, outcomes = np.asarray(pd, dtype=np.float64), np.asarray(bad, dtype=np.float64)
    labels = np.asarray(months).astype(str)
    if len(scores) == 0 or not scores.shape == outcomes.shape == labels.shape:
        raise ValueError("Probabilities, outcomes and months must be equally many.")
    if development.level is None:
        raise ValueError("The development figures lack a level, for want of good or bad outcomes.")
    found = [
        _month(
            month,
            scores[labels == month],
            outcomes[labels == month],
            development=development,
            config=config,
        )
        for month in np.unique(labels).tolist()
    ]
    watched, onset = _with_cusum(found, config)
    return ConceptReport(development, watched, onset, config)


def diagnose(populations: Sequence[DriftReport], outcomes: ConceptReport) -> tuple[Diagnosis, ...]:
    """Return for every month in both reports what kind of change it shows.

    A moved level or slope is a change of concept. A lower AUC is one only while no feature moved:
    applicants who are more alike are harder to tell apart though nothing else changed.
    """
    by_name = {month.month: month for month in outcomes.months}
    found = []
    for population in populations:
        month = by_name.get(population.month or "")
        if month is None:
            continue
        moved = population.alarmed
        concept = bool(_RELATION.intersection(month.alarms)) or (bool(month.alarms) and not moved)
        kinds = [name for name, is_so in (("population", moved), ("concept", concept)) if is_so]
        change: Any = " and ".join(kinds) or "none"
        found.append(Diagnosis(month.month, change, moved, month.alarms))
    return tuple(found)


@dataclass(frozen=True)
class _Change:
    """A figure of a month minus that of development, and its two-sided p-value."""

    size: float | None = None
    p_value: float | None = None

    @classmethod
    def of(cls, now: Performance, before: Performance, name: str) -> "_Change":
        values = [getattr(found, key) for found in (now, before) for key in (name, f"{name}_error")]
        if any(value is None for value in values):
            return cls()
        new, new_error, old, old_error = values
        error = math.hypot(new_error, old_error)
        if error == 0:
            return cls(new - old)
        return cls(new - old, math.erfc(abs(new - old) / error / math.sqrt(2)))


def _month(
    month: str,
    pd: Floats,
    bad: Floats,
    *,
    development: Performance,
    config: ConceptConfig,
) -> Month:
    if np.isnan(bad).any():
        return Month(month=month, n=len(bad), caution="Some outcomes are still open.")
    found = performance(pd, bad)
    if min(found.bads, found.n - found.bads) < config.fewest_of_a_class:
        caution = f"Fewer than {config.fewest_of_a_class} good or bad outcomes."
        return Month(month=month, n=found.n, performance=found, caution=caution)
    changes = {name: _Change.of(found, development, name) for name in _TESTS}
    expected, spread = _expected(pd, development)
    return Month(
        month=month,
        n=found.n,
        performance=found,
        auc_change=changes["auc"].size,
        level_change=changes["level"].size,
        slope_change=changes["slope"].size,
        **_judged(changes, config),
        residual=(found.bads - expected) / spread,
        tolerated=config.cusum_tolerance * expected / spread,
    )


def _expected(pd: Floats, development: Performance) -> tuple[float, float]:
    """Return the bads expected at the level of development, and their standard deviation."""
    log_odds = special.logit(np.clip(pd, _CLIP, 1 - _CLIP)) + (development.level or 0.0)
    probability = special.expit(log_odds)
    return float(probability.sum()), math.sqrt(float((probability * (1 - probability)).sum()))


def _ks(pd: Floats, bad: Floats) -> tuple[float | None, Bounds | None]:
    point = discrimination.ks_point(pd, bad)
    if point is None:
        return None, None
    below = pd <= point.cut_off
    classes = [Count(int(below[bad == value].sum()), int((bad == value).sum())) for value in (0, 1)]
    larger, smaller = sorted(classes, key=lambda count: count.rate, reverse=True)
    return point.ks, proportions.difference_interval(larger, smaller)


def _judged(changes: Mapping[str, _Change], config: ConceptConfig) -> dict[str, Any]:
    """Return the adjusted p-values of a month's changes and the alarms they raise."""
    given = [changes[name].p_value for name in _TESTS]
    adjusted = drift.adjusted_p_values(given, months_watched=config.months_watched)
    large = {
        "auc": -(changes["auc"].size or 0) >= config.smallest_auc_drop,
        "level": abs(changes["level"].size or 0) >= config.smallest_level_change,
        "slope": abs(changes["slope"].size or 0) >= config.smallest_slope_change,
    }
    p_values = dict(zip(_TESTS, adjusted, strict=True))
    alarms = tuple(
        name
        for name, p_value in p_values.items()
        if p_value is not None and p_value < config.false_alarm_rate and large[name]
    )
    return {"p_values": p_values, "alarms": alarms}


def _with_cusum(
    months: Sequence[Month], config: ConceptConfig
) -> tuple[tuple[Month, ...], str | None]:
    """Return the months with the larger of the two sums, and where the first alarm's run began."""
    sums, began = {1: 0.0, -1: 0.0}, {1: "", -1: ""}
    found, onset = [], None
    for month in months:
        if month.residual is None:
            found.append(month)
            continue
        for sign, before in list(sums.items()):
            step = sign * month.residual - max(month.tolerated, config.cusum_allowance)
            began[sign] = began[sign] if before > 0 else month.month
            sums[sign] = max(0.0, before + step)
        worst = max(sums, key=lambda sign: sums[sign])
        over = sums[worst] > config.cusum_limit
        onset = began[worst] if over and onset is None else onset
        alarms = (*month.alarms, "cusum") if over else month.alarms
        found.append(replace(month, cusum=sums[worst], alarms=alarms))
    return tuple(found), onset
