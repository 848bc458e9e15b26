"""How far newer applicants have moved from those the model was developed on.

Every feature and the score get a stability index over the bins fixed on the development sample, a
test of the same distribution with its effect size, the change of missing values, and counts of
values that should not occur. Chance is kept apart from change twice: p-values are adjusted for
all tests made and all months watched, and a change must also be large enough to matter. So stable
data raises no alarm however many features and months there are.

What became of the applicants is the matter of `ml.concept_drift`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ml import _two_samples, metrics, population_stability, tallies
from ml import baseline as development
from ml.proportions import Count
from ml.schema import Schema
from ml.tallies import Tally

Floats = npt.NDArray[np.float64]
Test = Literal["kolmogorov-smirnov", "chi-square"]

SCORE = "score"


@dataclass(frozen=True, kw_only=True)
class DriftConfig:
    """How often chance may raise an alarm, and from which size on a change matters.

    `false_alarm_rate` is the chance of a single false alarm in `months_watched` reports of stable
    data: p-values are adjusted by Benjamini and Hochberg within a report and then multiplied by
    the months (Bonferroni). So the verdict on a month never depends on another month.

    `smallest_psi` and `smallest_effect` (Kolmogorov-Smirnov distance or Cramer's V) are for the
    distribution; either will do. `smallest_missing_change` is a difference of shares.
    """

    false_alarm_rate: float = 0.05
    months_watched: int = 24
    smallest_psi: float = metrics.INVESTIGATE_FROM
    smallest_effect: float = 0.10
    smallest_missing_change: float = 0.05
    largest_unseen_share: float = 0.01

    def __post_init__(self) -> None:
        """Refuse limits that are no shares, and no months."""
        if self.months_watched < 1:
            raise ValueError("Drift is watched for at least one month.")
        if not all(0 < x < 1 for key, x in asdict(self).items() if key != "months_watched"):
            raise ValueError("Every limit of a drift report lies between 0 and 1.")


@dataclass(frozen=True)
class Sample:
    """Encoded applicants and their unrounded scores.

    `unseen` counts per feature the categories that were put into the bucket for others
    (`Encoded.unseen`), where the caller knows them.
    """

    matrix: Floats
    scores: Floats
    unseen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Shift:
    """How far one feature, or the score, has moved.

    `effect` is the Kolmogorov-Smirnov distance, or Cramer's V of the two samples over the bins;
    test and effect are over the values present. The p-values are None where there is nothing to
    test, the noise limit where there is a single bin. `alarms` are words out of distribution,
    missing, range and unseen.
    """

    name: str
    n: int
    psi: float
    psi_noise_limit: float | None
    band: str
    test: Test | None
    effect: float | None
    p_value: float | None
    adjusted_p_value: float | None
    missing_before: float
    missing_now: float
    missing_p_value: float | None
    missing_adjusted_p_value: float | None
    out_of_range: int
    outside_reference: int | None
    unseen: int
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True)
class DriftReport:
    """All shifts of one sample. `month` is None for a sample that is no month."""

    month: str | None
    n: int
    n_development: int
    score: Shift
    features: tuple[Shift, ...]
    config: DriftConfig

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """Return the score and every feature."""
        return (self.score, *self.features)

    @property
    def alarmed(self) -> tuple[str, ...]:
        """Return the names of what raised an alarm."""
        return tuple(shift.name for shift in self.shifts if shift.alarms)

    def feature(self, name: str) -> Shift:
        """Return the shift of a feature; KeyError if there is none of that name."""
        return {shift.name: shift for shift in self.features}[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {**asdict(self), "alarmed": list(self.alarmed)}


_DEFAULTS = DriftConfig()


def report(
    baseline: Mapping[str, Any],
    schema: Schema,
    sample: Sample,
    *,
    reference: Sample | None = None,
    config: DriftConfig = _DEFAULTS,
) -> DriftReport:
    """Return how far a newer sample lies from the baseline of `ml.baseline.of_sample`.

    With a reference sample (rows of the development sample that were kept) numbers are tested by
    Kolmogorov-Smirnov, otherwise by chi-square over the bins of the baseline. ValueError if the
    sample is empty, has other columns than the schema, or has probabilities for scores where the
    baseline has points, or the reverse.
    """
    known = None if reference is None else _Sorted.of(schema, reference)
    return _measured(baseline, schema, sample, reference=known, config=config)


def by_month(
    baseline: Mapping[str, Any],
    schema: Schema,
    sample: Sample,
    months: Sequence[str] | npt.NDArray[Any],
    *,
    reference: Sample | None = None,
    config: DriftConfig = _DEFAULTS,
) -> tuple[DriftReport, ...]:
    """Return one report per month, oldest first, each as `report` would give it.

    `months` has one entry per row and sorts as text, such as "2026-03".
    """
    labels = np.asarray(months).astype(str)
    if labels.shape != (len(sample.matrix),):
        raise ValueError("Every row needs one month.")
    known = None if reference is None else _Sorted.of(schema, reference)
    found = []
    for month in np.unique(labels).tolist():
        rows = labels == month
        part = Sample(sample.matrix[rows], sample.scores[rows])
        measured = _measured(baseline, schema, part, reference=known, config=config)
        found.append(replace(measured, month=month))
    return tuple(found)


def of_tally(
    baseline: Mapping[str, Any], tally: Tally, *, config: DriftConfig = _DEFAULTS
) -> DriftReport:
    """Return what `report` says without a reference sample, from counts alone.

    For samples that are read part by part. ValueError for nobody, and for a tally of other
    features or bins than the baseline has.
    """
    if tally.rows == 0 or tally.features.keys() != baseline["features"].keys():
        raise ValueError("A tally needs rows, and the features of the baseline.")
    before = int(baseline["rows"])
    score = _counted(
        SCORE, baseline["score"], before, np.asarray(tally.score.bins, dtype=np.float64)
    )
    features = [
        replace(
            _counted(name, entry, before, np.asarray(counts.bins, dtype=np.float64)),
            out_of_range=counts.out_of_range,
            unseen=counts.unseen,
        )
        for name, entry in baseline["features"].items()
        for counts in (tally.features[name],)
    ]
    score, *features = _judged([score, *features], config)
    return DriftReport(None, tally.rows, before, score, tuple(features), config)


def adjusted_p_values(
    p_values: Sequence[float | None], *, months_watched: int
) -> list[float | None]:
    """Return the p-values adjusted for the tests of one month and for all months; None stays None.

    Benjamini and Hochberg (1995) within the month: of those below a rate at most that share is
    false on average. Bonferroni over the months: while nothing changes, the chance that any of
    all months shows one below a rate is at most that rate.
    """
    # scipy.stats takes 1.5 s to import; scoring, which reads baselines too, must not wait.
    from scipy import stats  # noqa: PLC0415

    present = [p for p in p_values if p is not None]
    adjusted = iter(stats.false_discovery_control(present) if present else ())
    return [
        None if p is None else min(1.0, months_watched * float(next(adjusted))) for p in p_values
    ]


@dataclass(frozen=True)
class _Sorted:
    """A reference sample with the present values of every column, and the scores, in order."""

    columns: tuple[Floats, ...]
    scores: Floats

    @classmethod
    def of(cls, schema: Schema, sample: Sample) -> "_Sorted":
        _check(schema, sample)
        return cls(
            tuple(_two_samples.in_order(column) for column in sample.matrix.T),
            _two_samples.in_order(sample.scores),
        )


def _measured(
    baseline: Mapping[str, Any],
    schema: Schema,
    sample: Sample,
    *,
    reference: _Sorted | None,
    config: DriftConfig,
) -> DriftReport:
    _check(schema, sample)
    for known in (sample, reference):
        if known is not None:
            development.check_unit(baseline, known.scores)
    before = int(baseline["rows"])
    features = [
        replace(
            _shift(
                feature.name,
                baseline["features"][feature.name],
                before,
                sample.matrix[:, position],
                reference=None
                if reference is None or feature.kind in ("category", "boolean")
                else reference.columns[position],
            ),
            out_of_range=tallies.out_of_range(feature, sample.matrix[:, position]),
            unseen=tallies.undeclared(feature, sample.matrix[:, position])
            + sample.unseen.get(feature.name, 0),
        )
        for position, feature in enumerate(schema.features)
    ]
    kept = None if reference is None else reference.scores
    score = _shift(SCORE, baseline["score"], before, sample.scores, reference=kept)
    score, *features = _judged([score, *features], config)
    return DriftReport(None, len(sample.scores), before, score, tuple(features), config)


def _check(schema: Schema, sample: Sample) -> None:
    rows = len(sample.scores)
    if rows == 0 or sample.matrix.shape != (rows, len(schema.names)):
        raise ValueError(
            f"A sample needs rows, a score for each and the {len(schema.names)} columns of the"
            f" schema; it has {rows} scores and a matrix of shape {sample.matrix.shape}."
        )
    if not np.isfinite(sample.scores).all():
        raise ValueError("A score is not a finite number.")


def _shift(
    name: str, entry: Mapping[str, Any], before: int, values: Floats, *, reference: Floats | None
) -> Shift:
    newer = np.asarray(development.counts(entry, values), dtype=np.float64)
    if reference is None or len(reference) == 0:
        return _counted(name, entry, before, newer)
    ordered = _two_samples.in_order(values)
    return _counted(
        name,
        entry,
        before,
        newer,
        distance=("kolmogorov-smirnov", _two_samples.kolmogorov_smirnov(reference, ordered)),
        outside=int(((values < reference[0]) | (values > reference[-1])).sum()),
    )


def _counted(
    name: str,
    entry: Mapping[str, Any],
    before: int,
    newer: Floats,
    *,
    distance: tuple[Test, tuple[float, float] | None] | None = None,
    outside: int | None = None,
) -> Shift:
    """Return the shift of counts in the bins of a baseline entry; without a test it is chi-square.

    The range and what was never declared are not in the bins: the caller adds them.
    """
    total = int(newer.sum())
    old, new = np.asarray(entry["shares"]), newer / total
    counts = np.rint(old * before)
    stability = population_stability.stability(
        [str(position) for position in range(len(old))], counts, newer
    )
    test, found = distance or ("chi-square", _two_samples.chi_square(counts[:-1], newer[:-1]))
    return Shift(
        name=name,
        n=total,
        psi=stability.psi,
        psi_noise_limit=stability.noise_limit,
        band=stability.band,
        test=None if found is None else test,
        effect=None if found is None else found[0],
        p_value=None if found is None else found[1],
        adjusted_p_value=None,
        missing_before=float(old[-1]),
        missing_now=float(new[-1]),
        missing_p_value=_two_samples.missing_p_value(
            Count(int(counts[-1]), before), Count(int(newer[-1]), total)
        ),
        missing_adjusted_p_value=None,
        out_of_range=0,
        outside_reference=outside,
        unseen=0,
    )


def _judged(shifts: list[Shift], config: DriftConfig) -> list[Shift]:
    """Return the shifts of one report with adjusted p-values and the alarms these raise."""
    given = [p for shift in shifts for p in (shift.p_value, shift.missing_p_value)]
    adjusted = iter(adjusted_p_values(given, months_watched=config.months_watched))
    return [
        _alarmed(
            replace(
                shift, adjusted_p_value=next(adjusted), missing_adjusted_p_value=next(adjusted)
            ),
            config,
        )
        for shift in shifts
    ]


def _alarmed(shift: Shift, config: DriftConfig) -> Shift:
    rate = config.false_alarm_rate
    real = shift.adjusted_p_value is not None and shift.adjusted_p_value < rate
    above_noise = shift.psi_noise_limit is not None and shift.psi > shift.psi_noise_limit
    moved = (above_noise and shift.psi >= config.smallest_psi) or (
        shift.effect is not None and shift.effect >= config.smallest_effect
    )
    gone = shift.missing_adjusted_p_value
    change = abs(shift.missing_now - shift.missing_before)
    alarms = {
        "distribution": real and moved,
        "missing": gone is not None and gone < rate and change >= config.smallest_missing_change,
        "range": shift.out_of_range > 0,
        "unseen": shift.unseen / shift.n > config.largest_unseen_share,
    }
    return replace(shift, alarms=tuple(name for name, raised in alarms.items() if raised))
