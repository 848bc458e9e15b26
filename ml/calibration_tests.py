"""Whether probabilities come true: curve, recalibration line, Brier's parts, tests by band.

Rule book 9.6 to 9.8. Bad input is the ValueError of `metrics.checked`; tests of probabilities
also refuse a `pd` outside 0 to 1. What cannot be measured on a sample is None.
"""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize, special

from ml import metrics
from ml.metrics import Band, Floats, HosmerLemeshow, Numbers, Outcomes

Light = Literal["green", "amber", "red"]

AMBER_BELOW = 0.05
RED_BELOW = 0.01
_CLIP = 1e-15
_STEPS = 50
_TOLERANCE = 1e-10
_ROUNDING = 1e-12
_WORST_CONDITION = 1e14
_LARGEST_SHIFT = 40.0


@dataclass(frozen=True)
class CurvePoint:
    """One band of the calibration curve; the limits enclose the true rate by Jeffreys."""

    band: Band
    lower: float
    upper: float


@dataclass(frozen=True)
class CalibrationLine:
    """Logistic recalibration: log-odds of bad = intercept + slope x log-odds of the PD.

    Perfect is 0, 0 and 1. `in_the_large` is the intercept with the slope held at 1: above zero
    the PDs are too low. A slope below 1 means they are too extreme. Standard errors are those of
    maximum likelihood. Intercept and slope are None where one PD is shared by everybody or the
    PDs separate the outcomes perfectly.
    """

    in_the_large: float
    in_the_large_error: float
    intercept: float | None
    intercept_error: float | None
    slope: float | None
    slope_error: float | None


@dataclass(frozen=True)
class BrierParts:
    """Murphy's parts: Brier = reliability - resolution + uncertainty + `within_bands`.

    Reliability is the cost of miscalibration (0 is best), resolution what telling people apart
    earns, uncertainty that of the default rate alone. `within_bands` is what bands hide; it is 0
    where everybody of a band has the same PD.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bands: float


@dataclass(frozen=True)
class NormalTest:
    """The normal approximation of the binomial test, without continuity correction."""

    z: float
    p_value: float


@dataclass(frozen=True)
class BandTest:
    """Whether the PD of a band is too low. p-values are one-sided; a small one says it is.

    `critical_bads` is the least number of defaults the binomial test rejects at 5 %, None if no
    number does. The light follows the Jeffreys test.
    """

    name: str
    n: int
    bads: int
    mean_pd: float
    observed_rate: float
    binomial_p: float
    jeffreys_p: float
    critical_bads: int | None
    light: Light


def curve(pd: Numbers, bad: Outcomes, *, bands: int = 10, level: float = 0.95) -> list[CurvePoint]:
    """Return bands of about equal count with the Jeffreys interval of each observed rate."""
    if not 0 < level < 1:
        raise ValueError(f"The level of an interval lies between 0 and 1, not at {level!r}.")
    return [_point(band, level) for band in metrics.calibration_by_band(pd, bad, bands=bands)]


def hosmer_lemeshow(
    pd: Numbers, bad: Outcomes, *, independent: bool, bands: int = 10
) -> HosmerLemeshow | None:
    """Return the test over bands of about equal count; `independent` as in `metrics`.

    None if ties leave too few bands for a degree of freedom, or a band's mean PD is 0 or 1.
    """
    found = metrics.calibration_by_band(*_probabilities(pd, bad), bands=bands)
    rates = [band.mean_pd for band in found]
    if len(found) < (1 if independent else 3) or min(rates) <= 0 or max(rates) >= 1:
        return None
    return metrics.hosmer_lemeshow(
        n=[float(band.n) for band in found],
        pd=rates,
        bads=[float(band.bads) for band in found],
        independent=independent,
    )


def calibration_line(pd: Numbers, bad: Outcomes) -> CalibrationLine | None:
    """Return intercept and slope of the outcomes on the PDs; None for one class only.

    Cox (1958), as in Van Calster et al. (2019). PDs are clipped at 1e-15.
    """
    scores, outcomes = _probabilities(pd, bad)
    if outcomes.min() == outcomes.max():
        return None
    log_odds = special.logit(np.clip(scores, _CLIP, 1 - _CLIP))
    shift = _shift(log_odds, outcomes)
    fitted = special.expit(log_odds + shift)
    line = _line(log_odds, outcomes)
    return CalibrationLine(
        in_the_large=shift,
        in_the_large_error=1 / math.sqrt(float(np.sum(fitted * (1 - fitted)))),
        intercept=line[0][0] if line else None,
        intercept_error=line[1][0] if line else None,
        slope=line[0][1] if line else None,
        slope_error=line[1][1] if line else None,
    )


def brier_parts(pd: Numbers, bad: Outcomes, *, bands: int | None = 10) -> BrierParts:
    """Return reliability, resolution and uncertainty of the Brier score. Murphy (1973).

    `bands` of about equal count, or None for one band per distinct PD, where the parts are exact.
    """
    scores, outcomes = metrics.checked(pd, bad)
    counts = metrics.tally(scores, outcomes)
    if bands is None:
        sizes = counts.goods + counts.bads
        promised, observed = counts.values, counts.bads / sizes
    else:
        found = metrics.calibration_by_band(scores, outcomes, bands=bands)
        sizes = np.array([float(band.n) for band in found])
        promised = np.array([band.mean_pd for band in found])
        observed = np.array([band.observed_rate for band in found])
    rate, share = float(outcomes.mean()), sizes / sizes.sum()
    reliability = float(share @ (promised - observed) ** 2)
    resolution = float(share @ (observed - rate) ** 2)
    uncertainty = rate * (1 - rate)
    whole = metrics.brier(scores, outcomes)
    return BrierParts(
        brier=whole,
        reliability=reliability,
        resolution=resolution,
        uncertainty=uncertainty,
        within_bands=whole - (reliability - resolution + uncertainty),
    )


def normal_test(*, n: int, bads: int, pd: float) -> NormalTest | None:
    """Return z and the one-sided p-value; None for a PD of 0 or 1, which has no spread."""
    spread = math.sqrt(n * pd * (1 - pd))
    if spread == 0:
        return None
    z = (bads - n * pd) / spread
    return NormalTest(z=z, p_value=float(special.ndtr(-z)))


def critical_defaults(*, n: int, pd: float, alpha: float = AMBER_BELOW) -> int | None:
    """Return the least defaults among `n` at which the binomial test rejects `pd` as too low.

    Rule book 9.8 T5. None if even `n` defaults would not be surprising enough.
    """
    found = bisect.bisect_left(
        range(n + 1),
        x=True,
        key=lambda bads: metrics.binomial_p_value(n=n, bads=bads, pd=pd) < alpha,
    )
    return found if found <= n else None


def traffic_light(p_value: float) -> Light:
    """Return red below 1 %, amber below 5 % and green from there on."""
    if p_value < RED_BELOW:
        return "red"
    return "amber" if p_value < AMBER_BELOW else "green"


def band_tests(pd: Numbers, bad: Outcomes, *, bands: int = 10) -> list[BandTest]:
    """Return the tests of each band of about equal count, safest first, named 1, 2, ..."""
    found = metrics.calibration_by_band(*_probabilities(pd, bad), bands=bands)
    return [_band_test(str(place), band) for place, band in enumerate(found, start=1)]


def grade_tests(pd: Numbers, bad: Outcomes, grades: Sequence[str]) -> list[BandTest]:
    """Return the tests of each grade that somebody has, in the order of the names."""
    scores, outcomes = _probabilities(pd, bad)
    names = np.asarray(grades, dtype=np.str_)
    if names.shape != scores.shape:
        raise ValueError("Everybody needs one grade.")
    return [
        _band_test(str(name), metrics.band_of(scores[names == name], outcomes[names == name]))
        for name in np.unique(names)
    ]


def _band_test(name: str, band: Band) -> BandTest:
    jeffreys = metrics.jeffreys_p_value(n=band.n, bads=band.bads, pd=band.mean_pd)
    return BandTest(
        name=name,
        n=band.n,
        bads=band.bads,
        mean_pd=band.mean_pd,
        observed_rate=band.observed_rate,
        binomial_p=metrics.binomial_p_value(n=band.n, bads=band.bads, pd=band.mean_pd),
        jeffreys_p=jeffreys,
        critical_bads=critical_defaults(n=band.n, pd=band.mean_pd),
        light=traffic_light(jeffreys),
    )


def _point(band: Band, level: float) -> CurvePoint:
    tail = (1 - level) / 2
    goods = band.n - band.bads
    # Jeffreys' interval touches 0 and 1 where no or only bads occurred (Brown et al. 2001).
    lower = special.betaincinv(band.bads + 0.5, goods + 0.5, tail) if band.bads else 0.0
    upper = special.betaincinv(band.bads + 0.5, goods + 0.5, 1 - tail) if goods else 1.0
    return CurvePoint(band=band, lower=float(lower), upper=float(upper))


def _shift(log_odds: Floats, outcomes: Floats) -> float:
    """Return what must be added to the log-odds for their mean probability to be the bad rate."""
    bads = float(outcomes.sum())
    reach = float(np.abs(log_odds).max()) + _LARGEST_SHIFT
    return float(
        optimize.brentq(
            lambda shift: float(special.expit(log_odds + shift).sum()) - bads,
            -reach,
            reach,
            xtol=1e-13,
        )
    )


def _line(
    log_odds: Floats, outcomes: Floats
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return both coefficients and their standard errors by Newton's method, or None."""
    if _separates(log_odds, outcomes):
        return None
    design = np.column_stack([np.ones_like(log_odds), log_odds])
    weights = np.array([special.logit(outcomes.mean()), 0.0])
    for _ in range(_STEPS):
        fitted = special.expit(design @ weights)
        information = design.T @ (design * (fitted * (1 - fitted))[:, None])
        if np.linalg.cond(information) > _WORST_CONDITION:
            return None
        step = np.linalg.solve(information, design.T @ (outcomes - fitted))
        if float(np.abs(step).max()) < _TOLERANCE:
            errors = np.sqrt(np.diag(np.linalg.inv(information)))
            return (float(weights[0]), float(weights[1])), (float(errors[0]), float(errors[1]))
        weights = weights + _safe_part(step, weights, design, outcomes)
    return None


def _safe_part(step: Floats, weights: Floats, design: Floats, outcomes: Floats) -> Floats:
    """Return the step, halved until it does not worsen the likelihood: Newton may overshoot."""

    def loss(at: Floats) -> float:
        log_odds = design @ at
        return float(np.logaddexp(0, log_odds).sum() - outcomes @ log_odds)

    before = loss(weights)
    for _ in range(_STEPS):
        if loss(weights + step) <= before * (1 + _ROUNDING):
            break
        step = step / 2
    return step


def _separates(log_odds: Floats, outcomes: Floats) -> bool:
    """Say whether one threshold splits the outcomes or there is nothing to split them by."""
    good, bad = log_odds[outcomes == 0], log_odds[outcomes == 1]
    constant = log_odds.min() == log_odds.max()
    return bool(constant or good.max() <= bad.min() or bad.max() <= good.min())


def _probabilities(pd: Numbers, bad: Outcomes) -> tuple[Floats, Floats]:
    scores, outcomes = metrics.checked(pd, bad)
    if scores.min() < 0 or scores.max() > 1:
        raise ValueError("A probability of default lies between 0 and 1.")
    return scores, outcomes
