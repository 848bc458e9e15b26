"""How well probabilities order and describe outcomes. Formulas and oracles: rule book 9.4 to 9.10.

`pd` are probabilities of default, `bad` the outcomes (1 = defaulted). A measure that is undefined,
for instance because only one class occurred, is None: never 0 and never 1. Lists of different
lengths, empty ones, NaN, infinities and outcomes other than 0 and 1 are a ValueError. Where a
measure takes a `weight`, one positive number per row, a row of weight 3 counts as three rows would.

What builds on these: `discrimination`, `calibration_tests`, `population_stability`, `cutoffs`,
`profit` and `comparison`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Numbers = Sequence[float] | npt.NDArray[np.float64]
Outcomes = Sequence[int] | npt.NDArray[np.int_] | npt.NDArray[np.float64]
Floats = npt.NDArray[np.float64]

SHARE_FLOOR = 1e-4
INVESTIGATE_FROM = 0.10
ACT_FROM = 0.25
_CLIP = 1e-15


@dataclass(frozen=True)
class Tally:
    """Goods and bads at each distinct probability, safest first; `position` maps a row to it.

    With weights both are sums of weights.
    """

    values: Floats
    goods: Floats
    bads: Floats
    position: npt.NDArray[np.intp]

    @property
    def one_class(self) -> bool:
        """Say whether only goods or only bads occurred, so that nothing can be ordered."""
        return not (self.goods.any() and self.bads.any())


@dataclass(frozen=True)
class HosmerLemeshow:
    """The chi-square of observed against expected defaults; one expectation and term per group."""

    chi2: float
    degrees_of_freedom: int
    p_value: float
    expected: tuple[float, ...] = ()
    terms: tuple[float, ...] = ()


@dataclass(frozen=True)
class Band:
    """Applicants of similar predicted risk: what was promised and what happened.

    `n` and `bads` count rows. `weight` is the sum of their weights, None where none were given;
    mean and rate are weighted by it.
    """

    n: int
    bads: int
    lowest_pd: float
    highest_pd: float
    mean_pd: float
    observed_rate: float
    weight: float | None = None


@dataclass(frozen=True)
class WeightOfEvidence:
    """Weights of evidence per bin and the information value they add up to."""

    woe: tuple[float, ...]
    terms: tuple[float, ...]
    iv: float


@dataclass(frozen=True)
class Concentration:
    """How unevenly a total is spread; `normalised` is None where there is only one part."""

    hhi: float
    normalised: float | None
    effective_number: float
    coefficient_of_variation: float
    points: float


@dataclass(frozen=True)
class AdverseImpact:
    """Selection rate of a group against a reference group, with its significance."""

    ratio: float | None
    difference: float
    z: float | None
    p_value: float | None


def checked(pd: Numbers, bad: Outcomes) -> tuple[Floats, Floats]:
    """Return probabilities and outcomes as arrays, or ValueError: one sentence says why not."""
    scores, outcomes = (np.asarray(pd, dtype=np.float64), np.asarray(bad, dtype=np.float64))
    if scores.ndim != 1 or scores.shape != outcomes.shape or len(scores) == 0:
        raise ValueError("Probabilities and outcomes must be two lists of the same length.")
    if not np.isfinite(scores).all():
        raise ValueError("A probability is not a finite number.")
    if not ((outcomes == 0) | (outcomes == 1)).all():
        raise ValueError("An outcome is 0 (good) or 1 (bad).")
    return scores, outcomes


def checked_weight(weight: Numbers | None, rows: int) -> Floats | None:
    """Return the weights as an array, None for none; ValueError unless all are positive."""
    if weight is None:
        return None
    values = np.asarray(weight, dtype=np.float64)
    if values.shape != (rows,) or not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError("Every row needs one positive, finite weight.")
    return values


def tally(pd: Numbers, bad: Outcomes, weight: Numbers | None = None) -> Tally:
    """Return the goods and bads at each distinct probability: one sort, O(n log n)."""
    scores, outcomes = checked(pd, bad)
    counted = checked_weight(weight, len(scores))
    values, position = np.unique(scores, return_inverse=True)
    each: Floats | float = 1.0 if counted is None else counted
    bads: Floats = np.bincount(position, weights=outcomes * each).astype(np.float64)
    goods: Floats = np.bincount(position, weights=(1 - outcomes) * each).astype(np.float64)
    return Tally(values=values, goods=goods, bads=bads, position=position)


def area_under(counts: Tally) -> float | None:
    """Return the AUC of a tally; None where only one class occurred."""
    if counts.one_class:
        return None
    goods_below = np.cumsum(counts.goods) - counts.goods / 2
    pairs = float(counts.goods.sum() * counts.bads.sum())
    return float(counts.bads @ goods_below) / pairs


def auc(pd: Numbers, bad: Outcomes, weight: Numbers | None = None) -> float | None:
    """Return the chance that a bad one ranks riskier than a good one, ties counting half."""
    return area_under(tally(pd, bad, weight))


def gini(pd: Numbers, bad: Outcomes, weight: Numbers | None = None) -> float | None:
    """Return 2 AUC - 1."""
    area = auc(pd, bad, weight)
    return None if area is None else 2 * area - 1


def ks(pd: Numbers, bad: Outcomes, weight: Numbers | None = None) -> float | None:
    """Return the largest distance between the cumulative shares of bads and goods."""
    counts = tally(pd, bad, weight)
    if counts.one_class:
        return None
    bad_share = np.cumsum(counts.bads) / counts.bads.sum()
    good_share = np.cumsum(counts.goods) / counts.goods.sum()
    return float(np.abs(bad_share - good_share).max())


def brier(pd: Numbers, bad: Outcomes, weight: Numbers | None = None) -> float:
    """Return the mean squared distance between probability and outcome."""
    scores, outcomes = checked(pd, bad)
    counted = checked_weight(weight, len(scores))
    return float(np.average((scores - outcomes) ** 2, weights=counted))


def brier_skill(pd: Numbers, bad: Outcomes, weight: Numbers | None = None) -> float | None:
    """Return the share of the Brier score of the plain default rate that the model removes."""
    _, outcomes = checked(pd, bad)
    if len(np.unique(outcomes)) == 1:
        return None
    rate = float(np.average(outcomes, weights=checked_weight(weight, len(outcomes))))
    return 1 - brier(pd, bad, weight) / (rate * (1 - rate))


def log_loss(pd: Numbers, bad: Outcomes, weight: Numbers | None = None) -> float:
    """Return the mean negative log-likelihood; probabilities are clipped at 1e-15."""
    scores, outcomes = checked(pd, bad)
    counted = checked_weight(weight, len(scores))
    clipped = np.clip(scores, _CLIP, 1 - _CLIP)
    likelihood = outcomes * np.log(clipped) + (1 - outcomes) * np.log1p(-clipped)
    return float(-np.average(likelihood, weights=counted))


def hosmer_lemeshow(*, n: Numbers, pd: Numbers, bads: Numbers, independent: bool) -> HosmerLemeshow:
    """Return the test over groups of size `n` with mean `pd` and `bads` defaults.

    Degrees of freedom: the number of groups on an independent sample, two fewer on the sample
    the model was developed on. ValueError for fewer than one degree of freedom, for groups of
    nobody, and for a mean probability of 0 or 1, under which the statistic is not defined.
    """
    sizes, rates, observed = (np.asarray(part, dtype=np.float64) for part in (n, pd, bads))
    if not (sizes.shape == rates.shape == observed.shape and (sizes > 0).all()):
        raise ValueError("Every group needs a size above zero, a probability and a count of bads.")
    if not ((rates > 0) & (rates < 1)).all():
        raise ValueError("The mean probability of every group must lie between 0 and 1.")
    freedom = len(sizes) if independent else len(sizes) - 2
    if freedom < 1:
        raise ValueError("On the development sample the test needs at least three groups.")
    expected = sizes * rates
    terms = (observed - expected) ** 2 / (expected * (1 - rates))
    chi2 = math.fsum(terms)
    return HosmerLemeshow(
        chi2=chi2,
        degrees_of_freedom=freedom,
        p_value=float(special.chdtrc(freedom, chi2)),
        expected=tuple(expected.tolist()),
        terms=tuple(terms.tolist()),
    )


def binomial_p_value(*, n: int, bads: int, pd: float) -> float:
    """Return the chance of at least `bads` defaults if `pd` were right. Rule book 9.8."""
    _refuse_impossible(n=n, bads=bads, pd=pd)
    return 1.0 if bads == 0 else float(special.bdtrc(bads - 1, n, pd))


def jeffreys_p_value(*, n: int, bads: int, pd: float) -> float:
    """Return the posterior chance that the true rate is at most `pd`. Rule book 9.8 (ECB)."""
    _refuse_impossible(n=n, bads=bads, pd=pd)
    return float(special.betainc(bads + 0.5, n - bads + 0.5, pd))


def psi_terms(expected: Numbers, actual: Numbers, *, floor: float = SHARE_FLOOR) -> list[float]:
    """Return each bin's part of the population stability index; shares are floored."""
    before, after = (
        np.maximum(np.asarray(shares, dtype=np.float64), floor) for shares in (expected, actual)
    )
    if before.shape != after.shape:
        raise ValueError("The two samples must have the same bins.")
    return [float(term) for term in (after - before) * np.log(after / before)]


def psi(expected: Numbers, actual: Numbers, *, floor: float = SHARE_FLOOR) -> float:
    """Return the population stability index of two sets of bin shares. Rule book 9.4."""
    return math.fsum(psi_terms(expected, actual, floor=floor))


def psi_band(value: float) -> str:
    """Return stable, investigate or act, by the usual convention (not law)."""
    if value < INVESTIGATE_FROM:
        return "stable"
    return "investigate" if value < ACT_FROM else "act"


def psi_noise_limit(*, bins: int, n_expected: int, n_actual: int) -> float:
    """Return the value that chance alone exceeds once in twenty times. Rule book 9.4."""
    return float(special.chdtri(bins - 1, 0.05)) * (1 / n_expected + 1 / n_actual)


def calibration_by_band(
    pd: Numbers, bad: Outcomes, weight: Numbers | None = None, *, bands: int = 10
) -> list[Band]:
    """Return bands of about equal count from safest to riskiest; equal probabilities stay together.

    With weights the bands are of about equal weight. Fewer bands come back than were asked for
    when ties leave some empty.
    """
    scores, outcomes = checked(pd, bad)
    counted = checked_weight(weight, len(scores))
    total = len(scores) if counted is None else counted.sum()
    position = np.minimum((_middles(scores, counted) * bands / total).astype(int), bands - 1)
    rows = (position == band for band in np.unique(position))
    return [
        band_of(scores[part], outcomes[part], None if counted is None else counted[part])
        for part in rows
    ]


def band_of(scores: Floats, outcomes: Floats, weight: Floats | None = None) -> Band:
    """Return the band of people given by their probabilities and outcomes; at least one."""
    return Band(
        n=len(scores),
        bads=int(outcomes.sum()),
        lowest_pd=float(scores.min()),
        highest_pd=float(scores.max()),
        mean_pd=float(np.average(scores, weights=weight)),
        observed_rate=float(np.average(outcomes, weights=weight)),
        weight=None if weight is None else float(weight.sum()),
    )


def expected_calibration_error(
    pd: Numbers, bad: Outcomes, weight: Numbers | None = None, *, bands: int = 10
) -> float:
    """Return the mean distance of promised and observed rate over bands of equal count or weight.

    `calibration_by_band` says which people are a band.
    """
    found = calibration_by_band(pd, bad, weight, bands=bands)
    sizes = [band.n if band.weight is None else band.weight for band in found]
    gaps = [abs(band.mean_pd - band.observed_rate) for band in found]
    return math.fsum(size * gap for size, gap in zip(sizes, gaps, strict=True)) / sum(sizes)


def weight_of_evidence(*, goods: Numbers, bads: Numbers) -> WeightOfEvidence:
    """Return weights of evidence and information value of bins; ValueError for an empty class."""
    good, bad = (np.asarray(part, dtype=np.float64) for part in (goods, bads))
    if (good <= 0).any() or (bad <= 0).any():
        raise ValueError("Every bin needs at least one good and one bad.")
    good_share, bad_share = good / good.sum(), bad / bad.sum()
    woe = np.log(good_share / bad_share)
    terms = (good_share - bad_share) * woe
    return WeightOfEvidence(tuple(woe.tolist()), tuple(terms.tolist()), math.fsum(terms))


def concentration(parts: Numbers) -> Concentration:
    """Return the Herfindahl-Hirschman index of exposures or shares and what follows from it.

    Rule book 9.9. `parts` are scaled to a sum of one. ValueError if one is negative or not finite,
    or all are zero.
    """
    sizes = np.asarray(parts, dtype=np.float64)
    if sizes.ndim != 1 or not np.isfinite(sizes).all() or (sizes < 0).any() or sizes.sum() == 0:
        raise ValueError("Concentration needs parts of at least zero that are not all zero.")
    share, count = sizes / sizes.sum(), len(sizes)
    hhi = math.fsum(share**2)
    return Concentration(
        hhi=hhi,
        normalised=(hhi - 1 / count) / (1 - 1 / count) if count > 1 else None,
        effective_number=1 / hhi,
        coefficient_of_variation=math.sqrt(count * math.fsum((share - 1 / count) ** 2)),
        points=10_000 * hhi,
    )


def adverse_impact(
    *, selected: int, total: int, reference_selected: int, reference_total: int
) -> AdverseImpact:
    """Return the selection rate ratio and the pooled two-sided z test. Rule book 4.6.

    Governance evidence, not a legal safe harbour; the ratio is None if nobody of the reference
    group was selected, the test None if all or none were.
    """
    if total < 1 or reference_total < 1:
        raise ValueError("Both groups need at least one person.")
    rate, reference = selected / total, reference_selected / reference_total
    pooled = (selected + reference_selected) / (total + reference_total)
    error = math.sqrt(pooled * (1 - pooled) * (1 / total + 1 / reference_total))
    z = (rate - reference) / error if error > 0 else None
    return AdverseImpact(
        ratio=rate / reference if reference > 0 else None,
        difference=rate - reference,
        z=z,
        p_value=None if z is None else math.erfc(abs(z) / math.sqrt(2)),
    )


def _refuse_impossible(*, n: int, bads: int, pd: float) -> None:
    if not (n >= 1 and 0 <= bads <= n):
        raise ValueError(f"There cannot be {bads} bads among {n} people.")
    if not 0 <= pd <= 1:
        raise ValueError(f"A probability of default lies between 0 and 1, not at {pd!r}.")


def _middles(scores: Floats, weight: Floats | None) -> Floats:
    """Return how many rows, or how much weight, lie below the middle of those of equal score."""
    _, position = np.unique(scores, return_inverse=True)
    here = np.bincount(position, weights=weight)
    middles: Floats = np.cumsum(here) - here / 2
    return middles[position]
