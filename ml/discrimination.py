"""How well a model tells bad from good, and how sure that is: DeLong, H-measure, top of the list.

Higher `pd` is riskier; any number that orders will do, because only the order counts. A measure
is None where only one class occurred. Bad input is the ValueError of `metrics.checked`.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from ml import metrics
from ml.metrics import Floats, Numbers, Outcomes, Tally

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A measured value with its standard error and two-sided interval at `level`.

    `standard_error` is None with fewer than two of a class. The limits are None without a
    standard error, and also where it is zero: perfect separation and one score for everybody
    leave the formula without information, which is not the same as certainty.
    """

    value: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    level: float


@dataclass(frozen=True)
class PairedTest:
    """Two AUCs on the same rows. z and p are None where the difference has no spread."""

    first: float
    second: float
    difference: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    z: float | None
    p_value: float | None


@dataclass(frozen=True)
class KsPoint:
    """The largest distance and the highest probability on its safe side."""

    ks: float
    cut_off: float


@dataclass(frozen=True)
class Grouped:
    """Ranking measured over groups; `ks_group` counts from 1, the safest group."""

    auc: float
    gini: float
    ks: float
    ks_group: int


@dataclass(frozen=True)
class Top:
    """The riskiest `n` people. Shares are fractions; bads may be fractional where people tie.

    `tied` people share the lowest probability that is still taken; of them `tied_taken` are in
    the top. Their bads count in that proportion, which is the expectation over a fair draw.
    Recall, lift and F1 are None without any bad; precision never is.
    """

    n: int
    bads: float
    lowest_pd: float
    tied: int
    tied_taken: int
    precision: float
    recall: float | None
    f1: float | None
    lift: float | None


@dataclass(frozen=True)
class CaptureCurve:
    """Cumulative shares of people and of bads from the riskiest on, starting at (0, 0)."""

    people: Floats
    bads: Floats


def auc_interval(pd: Numbers, bad: Outcomes, *, level: float = LEVEL) -> Estimate | None:
    """Return the AUC with DeLong's standard error and a normal interval clipped to 0 and 1.

    DeLong et al. (1988) in the O(n log n) form of Sun and Xu (2014): the placements come from one
    sort and cumulative counts instead of all pairs.
    """
    z = _quantile(level)
    counts = metrics.tally(pd, bad)
    if counts.one_class:
        return None
    of_bads, of_goods = _placements(counts)
    area = _area(counts, of_bads)
    error = _standard_error(
        _weighted_variance(of_bads, counts.bads, area),
        _weighted_variance(of_goods, counts.goods, area),
    )
    lower, upper = _limits(area, error, z)
    return Estimate(
        value=area,
        standard_error=error,
        lower=None if lower is None else max(lower, 0.0),
        upper=None if upper is None else min(upper, 1.0),
        level=level,
    )


def gini_interval(pd: Numbers, bad: Outcomes, *, level: float = LEVEL) -> Estimate | None:
    """Return the Gini coefficient, 2 AUC - 1, with the interval of the AUC stretched likewise."""
    area = auc_interval(pd, bad, level=level)
    if area is None:
        return None
    return Estimate(
        value=2 * area.value - 1,
        standard_error=None if area.standard_error is None else 2 * area.standard_error,
        lower=None if area.lower is None else 2 * area.lower - 1,
        upper=None if area.upper is None else 2 * area.upper - 1,
        level=level,
    )


def delong_test(
    first: Numbers, second: Numbers, bad: Outcomes, *, level: float = LEVEL
) -> PairedTest | None:
    """Return whether the first model's AUC differs from the second's on the same people.

    DeLong et al. (1988); two-sided normal test. The difference is first minus second.
    """
    z_level = _quantile(level)
    one, two = metrics.tally(first, bad), metrics.tally(second, bad)
    if one.one_class:
        return None
    is_bad = np.asarray(bad, dtype=np.float64) == 1
    (bads_one, goods_one), (bads_two, goods_two) = _placements(one), _placements(two)
    of_bads = (bads_one[one.position] - bads_two[two.position])[is_bad]
    of_goods = (goods_one[one.position] - goods_two[two.position])[~is_bad]
    error = _standard_error(_variance_of_mean(of_bads), _variance_of_mean(of_goods))
    areas = _area(one, bads_one), _area(two, bads_two)
    difference = areas[0] - areas[1]
    lower, upper = _limits(difference, error, z_level)
    z = difference / error if error else None
    return PairedTest(
        first=areas[0],
        second=areas[1],
        difference=difference,
        standard_error=error,
        lower=lower,
        upper=upper,
        z=z,
        p_value=None if z is None else math.erfc(abs(z) / math.sqrt(2)),
    )


def ks_point(pd: Numbers, bad: Outcomes) -> KsPoint | None:
    """Return the KS distance and where it is reached; the safest place if several tie."""
    counts = metrics.tally(pd, bad)
    if counts.one_class:
        return None
    distance = _distance(counts.goods, counts.bads)
    place = int(distance.argmax())
    return KsPoint(ks=float(distance[place]), cut_off=float(counts.values[place]))


def grouped(*, goods: Numbers, bads: Numbers) -> Grouped | None:
    """Return KS, AUC and Gini of counted groups, safest first. Rule book 9.5.

    None if a class is empty; ValueError for lists of different length or negative counts.
    """
    good, bad = (np.asarray(part, dtype=np.float64) for part in (goods, bads))
    if good.shape != bad.shape or good.ndim != 1 or not ((good >= 0) & (bad >= 0)).all():
        raise ValueError("Groups need as many counts of goods as of bads, none below zero.")
    counts = Tally(np.arange(len(good), dtype=float), good, bad, np.arange(len(good)))
    area = metrics.area_under(counts)
    if area is None:
        return None
    distance = _distance(good, bad)
    place = int(distance.argmax())
    return Grouped(auc=area, gini=2 * area - 1, ks=float(distance[place]), ks_group=place + 1)


def h_measure(pd: Numbers, bad: Outcomes, *, severity_ratio: float | None = None) -> float | None:
    """Return Hand's H: the share of the loss of the best blind decision that the model removes.

    The cost c of declining a good one, against 1 - c of approving a bad one, is spread as
    Beta(2, 1 + 1 / `severity_ratio`), whose mode is severity / (1 + severity). The ratio says how
    much worse declining a good one is; left out it is bads / goods, the default of the R package
    hmeasure (Hand and Anagnostopoulos 2014); 1 gives Beta(2, 2) of Hand (2009).

    Only the concave hull of the ROC curve matters. Its segments are the blocks of the isotonic
    regression of outcome on score, and at cost c each block of bad rate r costs the smaller of
    c (1 - r) and (1 - c) r: so H is a skill score of the isotonic rates. A model that orders the
    wrong way round has H = 0.
    """
    if severity_ratio is not None and not (0 < severity_ratio < math.inf):
        raise ValueError("The severity ratio must be a positive number.")
    counts = metrics.tally(pd, bad)
    if counts.one_class:
        return None
    rates, weights = hull(counts)
    overall = float(counts.bads.sum() / weights.sum())
    ratio = severity_ratio or overall / (1 - overall)
    losses = _minimum_loss(rates, 1 + 1 / ratio)
    blind = _minimum_loss(np.array([overall]), 1 + 1 / ratio)[0]
    return float(1 - (weights @ losses) / (weights.sum() * blind))


def hull(counts: Tally) -> tuple[Floats, Floats]:
    """Return bad rate and people of each segment of the ROC curve's concave hull, safest first."""
    people = counts.goods + counts.bads
    found = optimize.isotonic_regression(counts.bads / people, weights=people)
    starts = found.blocks[:-1]
    return found.x[starts], found.weights


def top(pd: Numbers, bad: Outcomes, *, share: float | None = None, count: int | None = None) -> Top:
    """Return precision, recall, F1 and lift among the riskiest, by share of people or by count.

    A share is turned into people by rounding half up, at least one. ValueError unless exactly
    one of the two is given and it lies between nobody and everybody.
    """
    counts = metrics.tally(pd, bad)
    people = counts.goods + counts.bads
    rows = int(people.sum())
    size = _top_size(rows, share=share, count=count)
    reached = np.cumsum(people[::-1])
    edge = int(np.searchsorted(reached, size))
    tied = int(people[::-1][edge])
    taken = size - int(reached[edge]) + tied
    edge_bads = float(counts.bads[::-1][edge])
    bads = float(counts.bads[::-1][:edge].sum()) + edge_bads * taken / tied
    total = float(counts.bads.sum())
    return Top(
        n=size,
        bads=bads,
        lowest_pd=float(counts.values[::-1][edge]),
        tied=tied,
        tied_taken=taken,
        precision=bads / size,
        recall=bads / total if total else None,
        f1=2 * bads / (size + total) if total else None,
        lift=(bads / size) / (total / rows) if total else None,
    )


def capture_curve(pd: Numbers, bad: Outcomes) -> CaptureCurve | None:
    """Return the cumulative accuracy profile, one point per distinct probability.

    Lift at a point is the share of bads over the share of people. None without a bad.
    """
    counts = metrics.tally(pd, bad)
    if not counts.bads.any():
        return None
    people = np.cumsum((counts.goods + counts.bads)[::-1])
    bads = np.cumsum(counts.bads[::-1])
    return CaptureCurve(
        people=np.concatenate([[0.0], people / people[-1]]),
        bads=np.concatenate([[0.0], bads / bads[-1]]),
    )


def _placements(counts: Tally) -> tuple[Floats, Floats]:
    """Return at each value the share of goods safer, and of bads riskier; ties count half."""
    goods, bads = counts.goods, counts.bads
    of_bads: Floats = (np.cumsum(goods) - goods / 2) / goods.sum()
    of_goods: Floats = 1 - (np.cumsum(bads) - bads / 2) / bads.sum()
    return of_bads, of_goods


def _area(counts: Tally, of_bads: Floats) -> float:
    return float(counts.bads @ of_bads / counts.bads.sum())


def _weighted_variance(values: Floats, weights: Floats, mean: float) -> float | None:
    """Return the variance of the mean of values that occur `weights` times each."""
    total = float(weights.sum())
    if total < 2:
        return None
    return float(weights @ (values - mean) ** 2) / (total - 1) / total


def _variance_of_mean(values: Floats) -> float | None:
    return None if len(values) < 2 else float(values.var(ddof=1)) / len(values)


def _standard_error(of_bads: float | None, of_goods: float | None) -> float | None:
    if of_bads is None or of_goods is None:
        return None
    return math.sqrt(of_bads + of_goods)


def _limits(value: float, error: float | None, z: float) -> tuple[float | None, float | None]:
    return (value - z * error, value + z * error) if error else (None, None)


def _quantile(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"The level of an interval lies between 0 and 1, not at {level!r}.")
    return float(special.ndtri((1 + level) / 2))


def _distance(goods: Floats, bads: Floats) -> Floats:
    distance: Floats = np.abs(np.cumsum(bads) / bads.sum() - np.cumsum(goods) / goods.sum())
    return distance


def _minimum_loss(rates: Floats, beta: float) -> Floats:
    """Return the mean of min(c (1 - r), (1 - c) r) over c of Beta(2, beta)."""
    alpha = 2.0
    declining = alpha / (alpha + beta) * special.betainc(alpha + 1, beta, rates)
    approving = beta / (alpha + beta) * special.betaincc(alpha, beta + 1, rates)
    loss: Floats = (1 - rates) * declining + rates * approving
    return loss


def _top_size(rows: int, *, share: float | None, count: int | None) -> int:
    if (share is None) == (count is None):
        raise ValueError("The top is given by a share or by a count, and by one of them only.")
    if share is not None:
        if not 0 < share <= 1:
            raise ValueError(f"A share of people lies above 0 and at most at 1, not at {share!r}.")
        return max(1, math.floor(share * rows + 0.5))
    if count is None or not 1 <= count <= rows:
        raise ValueError(f"A count must lie between 1 and {rows}, not at {count!r}.")
    return count
