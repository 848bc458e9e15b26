"""Where to cut: from ordered cells of counts to bins whose bad rate has the wanted shape.

A cell is one distinct value (or one category, the categories sorted by bad rate) with its goods
and bads. A decision tree proposes cuts, pooling adjacent violators makes the bad rate monotone,
and neighbours that do not differ are merged.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeClassifier

Floats = npt.NDArray[np.float64]

_LARGEST_SHARE = 0.5  # scikit-learn refuses a leaf that must hold more than half
_TINY = 1e-200
_MOST_DIGITS = 20


@dataclass(frozen=True)
class Evidence:
    """How the weight of evidence follows from counts, given the totals of the whole sample.

    WoE = ln(share of the goods / share of the bads), rule book 9.10. A bin without goods or
    without bads, or of less than `small` weight, first gets `smoothing` rows of the sample's own
    average added: that keeps the weight finite, keeps its sign and draws it towards 0.
    """

    goods: float
    bads: float
    smoothing: float
    small: float

    def woe(self, goods: float, bads: float) -> float:
        """Return the weight of evidence of a bin with these goods and bads; 0 of an empty one."""
        if goods + bads <= 0:
            return 0.0
        if min(goods, bads) <= 0 or goods + bads < self.small:
            share = self.smoothing / (self.goods + self.bads)
            goods, bads = goods + share * self.goods, bads + share * self.bads
        return math.log(goods / self.goods) - math.log(bads / self.bads)

    def term(self, goods: float, bads: float) -> float:
        """Return the bin's part of the information value; never negative."""
        return (goods / self.goods - bads / self.bads) * self.woe(goods, bads)


@dataclass(frozen=True)
class Group:
    """Neighbouring cells that share a bin: where they start, and what they hold."""

    start: int
    goods: float
    bads: float

    @cached_property
    def fit(self) -> float:
        """Return the log-likelihood of the group's own bad rate."""
        total = self.goods + self.bads
        return sum(part * math.log(part / total) for part in (self.goods, self.bads) if part > 0)

    def with_next(self, following: "Group") -> "Group":
        """Return the group that holds both."""
        return Group(self.start, self.goods + following.goods, self.bads + following.bads)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When a cut is worth having; `fewest` is the least weight of a bin."""

    evidence: Evidence
    fewest: float
    prebins: int


def propose(goods: Floats, bads: Floats, rules: Rules) -> list[Group]:
    """Return the leaves of an entropy tree over the order of the cells, in that order.

    The tree sees ranks, not values: scikit-learn narrows to 32 bits, which would confuse large
    amounts, and a cut does not depend on the unit.
    """
    ranks = np.arange(len(goods), dtype=np.float64)
    cuts = np.empty(0, dtype=np.int_)
    share = rules.fewest / float(goods.sum() + bads.sum())
    if len(ranks) > 1 and share <= _LARGEST_SHARE:
        tree = DecisionTreeClassifier(
            criterion="entropy",
            max_leaf_nodes=rules.prebins,
            min_weight_fraction_leaf=share,
            random_state=0,
        )
        weight = np.concatenate([goods, bads])
        bad = np.repeat([0.0, 1.0], len(ranks))
        seen = weight > 0
        tree.fit(np.tile(ranks, 2)[seen].reshape(-1, 1), bad[seen], sample_weight=weight[seen])
        inner = tree.tree_.feature >= 0
        cuts = np.sort(np.ceil(tree.tree_.threshold[inner])).astype(np.int_)
    starts = np.concatenate([[0], cuts])
    sums = (np.add.reduceat(part, starts).tolist() for part in (goods, bads))
    return [Group(*item) for item in zip(starts.tolist(), *sums, strict=True)]


def monotone(groups: list[Group], rules: Rules, *, direction: int) -> list[Group]:
    """Return the groups with adjacent violators pooled: the bad rate rises (1) or falls (-1).

    The order is that of the weights of evidence, so smoothing cannot break it.
    """
    pooled: list[Group] = []
    for group in groups:
        _pool(pooled, group, rules, direction)
    return pooled


def turning(groups: list[Group], rules: Rules, *, direction: int) -> list[Group]:
    """Return the groups pooled to one peak (1: the bad rate rises, then falls) or valley (-1).

    It turns where the likelihood is greatest.
    """
    before = _costs_of_prefixes(groups, rules, direction)
    after = _costs_of_prefixes(groups[::-1], rules, direction)[::-1]
    turn = int(np.argmin(np.add(before, after)))
    return [
        *monotone(groups[:turn], rules, direction=direction),
        *monotone(groups[turn:], rules, direction=-direction),
    ]


def prune(groups: list[Group], *, most: int, least_gain: float = 0.0) -> list[Group]:
    """Return at most so many groups: neighbours that cost no more than `least_gain` are merged.

    The pair that costs the least deviance goes first. Merging neighbours keeps a monotone order.
    """
    left = list(groups)
    costs = [cost(first, second) for first, second in pairwise(left)]
    while costs:
        least = min(range(len(costs)), key=costs.__getitem__)
        if len(left) <= most and costs[least] > least_gain:
            break
        left[least : least + 2] = [left[least].with_next(left[least + 1])]
        around = range(max(least - 1, 0), min(least + 1, len(left) - 1))
        costs[max(least - 1, 0) : least + 2] = [cost(left[i], left[i + 1]) for i in around]
    return left


def cost(first: Group, second: Group) -> float:
    """Return the deviance lost by giving two groups one bad rate (chi-square, one degree)."""
    return 2 * (first.fit + second.fit - first.with_next(second).fit)


def deviance(groups: list[Group]) -> float:
    """Return minus twice the log-likelihood of the groups' bad rates."""
    return -2 * math.fsum(group.fit for group in groups)


def information(groups: list[Group], evidence: Evidence) -> float:
    """Return the information value of the groups."""
    return math.fsum(evidence.term(group.goods, group.bads) for group in groups)


def shortest_between(low: float, high: float) -> float:
    """Return the number with the fewest decimals that is above `low` and not above `high`.

    It parts the training rows as any cut between them does and can be read: 0.3, not 0.29999.
    """
    gap = high - low
    if not (math.isfinite(gap) and gap > _TINY):
        return high
    power = math.floor(math.log10(gap)) + 1
    for digits in range(-power, -power + _MOST_DIGITS):
        step = 10.0**-digits
        candidate = round((math.floor(low / step) + 1) * step, digits)
        if low < candidate <= high:
            return candidate
    return high


def _costs_of_prefixes(groups: list[Group], rules: Rules, direction: int) -> list[float]:
    """Return the deviance of the first 0, 1, ... all groups when pooled in one direction."""
    pooled: list[Group] = []
    costs = [0.0]
    for group in groups:
        _pool(pooled, group, rules, direction)
        costs.append(deviance(pooled))
    return costs


def _pool(pooled: list[Group], group: Group, rules: Rules, direction: int) -> None:
    """Append the group and pool from the end until the order holds."""
    pooled.append(group)
    while len(pooled) > 1 and not _in_order(pooled[-2], pooled[-1], rules, direction):
        last = pooled.pop()
        pooled.append(pooled.pop().with_next(last))


def _in_order(first: Group, second: Group, rules: Rules, direction: int) -> bool:
    before, after = (rules.evidence.woe(group.goods, group.bads) for group in (first, second))
    return direction * (before - after) > 0
