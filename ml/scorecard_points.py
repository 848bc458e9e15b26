"""A scorecard as points: what each bin of each characteristic adds to the score."""

from dataclasses import dataclass

from ml._logistic import Estimate
from ml.binning import Bin
from ml.calibration import Platt
from ml.scaling import Scale, rounded
from ml.scorecard import Scorecard


@dataclass(frozen=True, kw_only=True)
class PointsRow:
    """One bin in the table of points; `bad_rate` is None where training saw nobody."""

    label: str
    n: float
    bad_rate: float | None
    woe: float
    exact: float
    points: int


@dataclass(frozen=True, kw_only=True)
class Characteristic:
    """One feature's part of the table of points."""

    feature: str
    unit: str
    iv: float
    estimate: Estimate
    rows: tuple[PointsRow, ...]


def points_table(
    scorecard: Scorecard, scale: Scale, *, line: Platt | None = None
) -> tuple[Characteristic, ...]:
    """Return the points of every bin; with `line`, those of the calibrated score.

    points = (coefficient x WoE + intercept / n) x factor + offset / n over n characteristics,
    in log-odds of good (rule book 9.3). An applicant's exact points add up to the score, before
    any clipping to the scale's limits; rounded points may differ from it by n / 2 at most.
    """
    slope, shift = (line.slope, line.intercept) if line else (1.0, 0.0)
    parts = len(scorecard.coefficients)
    intercept = slope * scorecard.intercept.coefficient - shift
    start = (intercept * scale.factor + scale.offset) / parts
    return tuple(
        Characteristic(
            feature=item.feature,
            unit=scorecard.schema.feature(item.feature).unit,
            iv=item.iv,
            estimate=estimate,
            rows=tuple(
                _row(part, start + slope * estimate.coefficient * part.woe * scale.factor)
                for part in item.bins
            ),
        )
        for item, estimate in scorecard.characteristics
    )


def _row(part: Bin, exact: float) -> PointsRow:
    return PointsRow(
        label=part.label,
        n=part.n,
        bad_rate=part.bad_rate,
        woe=part.woe,
        exact=exact,
        points=rounded(exact),
    )
