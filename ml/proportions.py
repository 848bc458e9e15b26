"""How sure a rate is, and the ratio or difference of two rates.

Every function takes counts: how many of how many. An interval that the counts cannot carry, for
instance the ratio of two rates of which one is 0, is None.
"""

import bisect
import math
from dataclasses import dataclass

from scipy import special

Bounds = tuple[float, float]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Count:
    """How many of how many; ValueError if that is no part of a whole."""

    hits: int
    total: int

    def __post_init__(self) -> None:
        """Refuse an empty whole and a part larger than it."""
        if self.total < 1 or not 0 <= self.hits <= self.total:
            raise ValueError(f"{self.hits} of {self.total} is not a share of anything.")

    @property
    def rate(self) -> float:
        """Return the share, from 0 to 1."""
        return self.hits / self.total


def wilson(count: Count, *, confidence: float = CONFIDENCE) -> Bounds:
    """Return Wilson's score interval of a rate (JASA 22, 1927); it never leaves 0 to 1."""
    z2 = _z(confidence) ** 2
    n, rate = count.total, count.rate
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    low = 0.0 if count.hits == 0 else middle - half
    high = 1.0 if count.hits == n else middle + half
    return low, high


def jeffreys(count: Count, *, confidence: float = CONFIDENCE) -> Bounds:
    """Return the equal-tailed interval of Beta(hits + 1/2, misses + 1/2), the posterior of 9.8.

    The lower end is 0 when there was no hit and the upper end 1 when there was no miss (Brown,
    Cai and DasGupta, Statistical Science 16, 2001).
    """
    a, b = count.hits + 0.5, count.total - count.hits + 0.5
    tail = (1 - confidence) / 2
    low = 0.0 if count.hits == 0 else float(special.betaincinv(a, b, tail))
    high = 1.0 if count.hits == count.total else float(special.betaincinv(a, b, 1 - tail))
    return low, high


def sure_rank(n: int, quantile: float, *, confidence: float = CONFIDENCE) -> int:
    """Return the lower end of the interval of a quantile: which of n values, 1 for the smallest.

    Of as many values as a binomial law allows to lie below the quantile, whatever the law of the
    values (Conover, Practical Nonparametric Statistics, 3.2). 0 where none of them is surely below.
    """
    if n < 1 or not 0 < quantile < 1:
        raise ValueError(f"{n} values have no quantile {quantile}.")
    tail = (1 - confidence) / 2
    return bisect.bisect_left(range(n + 1), tail, key=lambda k: special.bdtr(k, n, quantile))


def ratio_interval(
    count: Count, reference: Count, *, confidence: float = CONFIDENCE
) -> Bounds | None:
    """Return the interval of rate / reference rate by the delta method on its logarithm.

    Source: Katz, Baptista, Azen and Pike, Biometrics 34, 1978. None where a rate is 0 or both
    are 1: the method would promise certainty there.
    """
    if count.hits == 0 or reference.hits == 0:
        return None
    variance = sum(1 / part.hits - 1 / part.total for part in (count, reference))
    if variance <= 0:
        return None
    middle = math.log(count.rate / reference.rate)
    half = _z(confidence) * math.sqrt(variance)
    return math.exp(middle - half), math.exp(middle + half)


def difference_interval(
    count: Count, reference: Count, *, confidence: float = CONFIDENCE
) -> Bounds:
    """Return the interval of rate - reference rate from the two Wilson intervals.

    Source: Newcombe, Statistics in Medicine 17, 1998, method 10.
    """
    low, high = wilson(count, confidence=confidence)
    reference_low, reference_high = wilson(reference, confidence=confidence)
    gap = count.rate - reference.rate
    below = math.hypot(count.rate - low, reference_high - reference.rate)
    above = math.hypot(high - count.rate, reference.rate - reference_low)
    return gap - below, gap + above


def fisher_p_value(count: Count, reference: Count) -> float:
    """Return the exact two-sided chance that two equal rates lie at least this unlikely apart."""
    # scipy.stats takes 1.5 s to import and nothing else here needs it.
    from scipy import stats  # noqa: PLC0415

    table = [[part.hits, part.total - part.hits] for part in (count, reference)]
    return float(stats.fisher_exact(table)[1])


def pooled_p_value(count: Count, reference: Count) -> float | None:
    """Return the two-sided p-value of equal rates by the pooled z test; None if none can differ."""
    pooled = (count.hits + reference.hits) / (count.total + reference.total)
    variance = pooled * (1 - pooled) * (1 / count.total + 1 / reference.total)
    if variance <= 0:
        return None
    return math.erfc(abs(count.rate - reference.rate) / math.sqrt(2 * variance))


def smallest_expected(count: Count, reference: Count) -> float:
    """Return the smallest cell that equal rates would lead to expect in the table of both."""
    hits = count.hits + reference.hits
    everybody = count.total + reference.total
    return min(hits, everybody - hits) * min(count.total, reference.total) / everybody


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError("A confidence lies between 0 and 1.")
    return float(special.ndtri((1 + confidence) / 2))
