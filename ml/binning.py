"""Weight of evidence: each feature cut into a few bins whose bad rate can be read and defended.

Guarantees: where the schema declares a direction the bad rate follows it from interval to
interval; missing and special values have bins of their own; whatever training never saw (missing,
a special value, a category) weighs 0, which says nothing for or against; the same rows give the
same bins. WoE = ln(share of goods / share of bads), so higher is safer. Rule book 9.10.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import special

from ml import _cuts
from ml._bins import NEUTRAL, Bin, BinKind, Binning, Found
from ml._cuts import Evidence, Group, Rules
from ml.schema import Feature, Schema

__all__ = [
    "NEUTRAL",
    "Bin",
    "Binning",
    "BinningConfig",
    "bin_feature",
    "bin_matrix",
    "iv_band",
    "woe_matrix",
    "woe_row",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Shape = Literal["auto", "monotone", "free"]

_IV_BANDS = ((0.02, "none"), (0.1, "weak"), (0.3, "medium"))
_STRONG_UP_TO = 0.5
_ALMOST_ONE = 1 - 1e-9
_MOST_CELLS = 1000
_PRICE = 3.0
_TURNING = 0.1
_FREE = 0.001
"""A turning shape keeps neighbours apart that differ at 10 %, a free one at 0.1 %."""


@dataclass(frozen=True, kw_only=True)
class BinningConfig:
    """How to cut. Shares are of the weight of all rows, missing ones included.

    `shape` is for features without a declared direction. `monotone` takes the better of
    ascending and descending by information value; `free` follows the data; `auto` is monotone
    unless one peak or valley, or else a free shape, explains the training rows much better (see
    `_Fit._shaped`). An interval holds at least `min_share`, and `min_rows` rows of mean weight.
    Neighbours stay apart only if their bad rates differ at `significance`; 1 keeps all that
    pooling has left. `smoothing` rows of the sample's average are added to a bin that lacks a
    class or is smaller than an interval may be. Categories rarer than `rare_share`, or than
    `min_rows`, are taken together, with the schema's bucket for other values where there is
    one. `specials` names values that get bins of their own.
    """

    shape: Shape = "auto"
    min_share: float = 0.02
    min_rows: int = 20
    max_bins: int = 12
    prebins: int = 50
    significance: float = 1.0
    smoothing: float = 20.0
    rare_share: float = 0.01
    specials: tuple[tuple[str, tuple[float, ...]], ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that make no bins."""
        for name, fits in (
            ("shape", self.shape in get_args(Shape)),
            ("min_share", 0 <= self.min_share < 0.5),
            ("max_bins", self.max_bins >= 2),
            ("prebins", self.prebins >= 2),
            ("significance", 0 < self.significance <= 1),
            ("smoothing", self.smoothing > 0),
            ("rare_share", 0 <= self.rare_share < 0.5),
            ("min_rows", self.min_rows >= 0),
            ("specials", all(math.isfinite(v) for _, own in self.specials for v in own)),
        ):
            if not fits:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}.")

    def specials_of(self, feature: Feature) -> tuple[float, ...]:
        """Return the special values of a feature, lowest first; a category has none."""
        own = () if feature.kind == "category" else dict(self.specials).get(feature.name, ())
        return tuple(sorted(set(own)))

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return {**asdict(self), "specials": {name: list(own) for name, own in self.specials}}


def bin_matrix(
    schema: Schema,
    matrix: Floats,
    bad: Floats,
    *,
    weight: Floats | None = None,
    config: BinningConfig | None = None,
) -> tuple[Binning, ...]:
    """Return the bins of every feature of an encoded matrix, in the schema's order."""
    return tuple(
        bin_feature(feature, matrix[:, position], bad, weight=weight, config=config)
        for position, feature in enumerate(schema.features)
    )


def bin_feature(
    feature: Feature,
    column: Floats,
    bad: Floats,
    *,
    weight: Floats | None = None,
    config: BinningConfig | None = None,
) -> Binning:
    """Return the bins of one encoded column; `bad` is 1.0 or 0.0, `weight` positive.

    Raises ValueError if the lengths differ, a value is infinite, or only one class occurs: WoE
    is undefined then.
    """
    config = config or BinningConfig()
    weight = np.ones(len(bad)) if weight is None else weight
    if not len(column) == len(bad) == len(weight):
        raise ValueError(f"{feature.name}, its outcomes and weights have different lengths.")
    if np.isinf(column).any():
        raise ValueError(f"{feature.name} holds an infinite value.")
    goods, bads = weight * (1 - bad), weight * bad
    share = max(config.min_share, config.min_rows / max(len(bad), 1))
    small = share * float(weight.sum()) * _ALMOST_ONE
    evidence = Evidence(float(goods.sum()), float(bads.sum()), config.smoothing, small)
    if min(evidence.goods, evidence.bads) <= 0:
        raise ValueError("A weight of evidence needs good and bad outcomes.")
    return _Fit(feature, column, goods, bads, config, evidence).binning()


def woe_matrix(binnings: Sequence[Binning], matrix: Floats) -> Floats:
    """Return the weights of evidence of an encoded matrix, in its shape."""
    weights = np.empty(matrix.shape, dtype=np.float64)
    for position, binning in enumerate(binnings):
        weights[:, position] = binning.transform(matrix[:, position])
    return weights


def woe_row(binnings: Sequence[Binning], row: Sequence[float]) -> list[float]:
    """Return the weights of evidence of one encoded row, quicker than a matrix of one."""
    return [
        binning.table[binning.position_of(value)]
        for binning, value in zip(binnings, row, strict=True)
    ]


def iv_band(iv: float) -> str:
    """Return none, weak, medium, strong or suspicious (check for leakage). Rule book 9.10."""
    for limit, band in _IV_BANDS:
        if iv < limit:
            return band
    return "strong" if iv <= _STRONG_UP_TO else "suspicious"


@dataclass(frozen=True)
class _Fit:
    """One column and its outcomes as weights of good and bad; both are 0 or the row's weight."""

    feature: Feature
    column: Floats
    goods: Floats
    bads: Floats
    config: BinningConfig
    evidence: Evidence

    def binning(self) -> Binning:
        missing = np.isnan(self.column)
        aside, own = missing, []
        for value in self.config.specials_of(self.feature):
            rows = self.column == value
            aside = aside | rows
            own.append(self._own_bin("special", f"special value {_plain(value)}", rows, (value,)))
        if missing.any() or self.feature.allows_missing:
            own.append(self._own_bin("missing", "missing", missing, ()))
        shape, edges, bins = self._ordinary(~aside)
        return Binning(self.feature.name, shape, edges, (*bins, *own))

    def _own_bin(self, kind: BinKind, label: str, rows: Flags, values: tuple[float, ...]) -> Bin:
        group = Group(0, float(self.goods[rows].sum()), float(self.bads[rows].sum()))
        return self._bin(kind, label, group, values)

    def _ordinary(self, rows: Flags) -> tuple[Found, tuple[float, ...], list[Bin]]:
        values, cells = np.unique(self.column[rows], return_inverse=True)
        goods, bads = (
            np.bincount(cells, weights=part[rows], minlength=len(values)).astype(np.float64)
            for part in (self.goods, self.bads)
        )
        if self.feature.kind == "category":
            return "category", (), self._categories(values, goods, bads)
        if not len(values):
            return "constant", (), [self._bin("interval", "any value", Group(0, 0.0, 0.0), ())]
        return self._intervals(values, goods, bads)

    def _intervals(
        self, values: Floats, goods: Floats, bads: Floats
    ) -> tuple[Found, tuple[float, ...], list[Bin]]:
        starts = _starts_of_cells(goods + bads)
        goods, bads = (np.add.reduceat(part, starts) for part in (goods, bads))
        shape, groups = self._shaped(_cuts.propose(goods, bads, self._rules))
        firsts = [int(starts[group.start]) for group in groups[1:]]
        edges = tuple(
            _cuts.shortest_between(float(values[first - 1]), float(values[first]))
            for first in firsts
        )
        labels = _interval_labels(self.feature, edges)
        bins = [
            self._bin("interval", label, group, ())
            for label, group in zip(labels, groups, strict=True)
        ]
        return shape, edges, bins

    def _shaped(self, proposed: list[Group]) -> tuple[Found, list[Group]]:
        """Return the groups in the shape that the schema or the configuration wants.

        With `auto` each freer shape must lower the deviance by three times the logarithm of the
        rows (three times the price of the Bayesian information criterion, because its cuts were
        searched for) per bin it has more than the shape before, and at least once.
        """
        if self.feature.direction:
            chosen = self._monotone(proposed, self.feature.direction)
        elif self.config.shape == "free":
            chosen = "free", self._pruned(proposed, 1.0)
        else:
            chosen = max(
                (self._monotone(proposed, way) for way in (1, -1)),
                key=lambda candidate: _cuts.information(candidate[1], self.evidence),
            )
        if not self.feature.direction and self.config.shape == "auto":
            for candidate in (self._turning(proposed), ("free", self._pruned(proposed, _FREE))):
                chosen = candidate if self._is_worth_more(candidate[1], chosen[1]) else chosen
        shape, groups = chosen
        return ("constant" if len(groups) == 1 else shape), groups

    def _monotone(self, proposed: list[Group], direction: int) -> tuple[Found, list[Group]]:
        groups = _cuts.monotone(proposed, self._rules, direction=direction)
        return ("ascending" if direction > 0 else "descending"), self._pruned(groups, 1.0)

    def _turning(self, proposed: list[Group]) -> tuple[Found, list[Group]]:
        peak, valley = (_cuts.turning(proposed, self._rules, direction=way) for way in (1, -1))
        if _cuts.deviance(peak) <= _cuts.deviance(valley):
            return "peak", self._pruned(peak, _TURNING)
        return "valley", self._pruned(valley, _TURNING)

    def _pruned(self, groups: list[Group], significance: float) -> list[Group]:
        level = min(significance, self.config.significance)
        gain = float(special.chdtri(1, level))
        return _cuts.prune(groups, most=self.config.max_bins, least_gain=gain)

    def _is_worth_more(self, freer: list[Group], groups: list[Group]) -> bool:
        price = _PRICE * math.log(len(self.column)) * max(1, len(freer) - len(groups))
        return _cuts.deviance(groups) - _cuts.deviance(freer) > price

    def _categories(self, codes: Floats, goods: Floats, bads: Floats) -> list[Bin]:
        """Return bins of categories with similar bad rates, riskiest first, then the unseen."""
        families = self._families(codes, goods + bads)
        counts = [
            tuple(float(part[np.isin(codes, family)].sum()) for part in (goods, bads))
            for family in families
        ]
        order = sorted(range(len(families)), key=lambda i: (self.evidence.woe(*counts[i]), i))
        held: list[tuple[Group, list[float]]] = []
        if order:
            by_risk = np.array([counts[i] for i in order])
            groups = _cuts.propose(by_risk[:, 0], by_risk[:, 1], self._rules)
            groups = self._pruned(_cuts.monotone(groups, self._rules, direction=-1), 1.0)
            ends = [*(group.start for group in groups[1:]), len(order)]
            held = [
                (group, sorted(code for i in order[group.start : end] for code in families[i]))
                for group, end in zip(groups, ends, strict=True)
            ]
        unseen = sorted(set(map(float, self.feature.codes.values())) - set(codes.tolist()))
        if unseen:
            held.append((Group(0, 0.0, 0.0), unseen))
        return [self._category(group, own) for group, own in held]

    def _families(self, codes: Floats, weight: Floats) -> list[list[float]]:
        """Return the categories that stay together whatever their bad rate: all the rare ones."""
        share = max(self.config.rare_share, self.config.min_rows / len(self.column))
        rare = weight < share * (self.evidence.goods + self.evidence.bads)
        if self.feature.other is not None and rare.any():
            rare |= codes == self.feature.codes[self.feature.other]
        alone = [[code] for code in codes[~rare].tolist()]
        return [*alone, codes[rare].tolist()] if rare.any() else alone

    def _category(self, group: Group, codes: list[float]) -> Bin:
        label = ", ".join(self.feature.categories[int(code)] for code in codes)
        return self._bin("category", label, group, tuple(codes))

    @property
    def _rules(self) -> Rules:
        return Rules(
            evidence=self.evidence,
            fewest=self.evidence.small,
            prebins=self.config.prebins,
        )

    def _bin(self, kind: BinKind, label: str, group: Group, values: tuple[float, ...]) -> Bin:
        seen = group.goods + group.bads > 0
        return Bin(
            kind=kind,
            label=label if seen else f"{label} (never seen in training)",
            n=group.goods + group.bads,
            bads=group.bads,
            woe=self.evidence.woe(group.goods, group.bads),
            iv=self.evidence.term(group.goods, group.bads),
            values=values,
        )


def _starts_of_cells(weight: Floats) -> npt.NDArray[np.int_]:
    """Return where cells of about equal weight start: a thousand are as good and much quicker."""
    if len(weight) <= _MOST_CELLS:
        return np.arange(len(weight))
    before = np.cumsum(weight) - weight
    cell = np.floor(before / (before[-1] + weight[-1]) * _MOST_CELLS)
    return np.flatnonzero(np.diff(cell, prepend=-1.0))


def _interval_labels(feature: Feature, edges: tuple[float, ...]) -> list[str]:
    if not edges:
        return ["any value"]
    if feature.kind == "boolean":
        return ["no", "yes"]
    plain = [_plain(edge) for edge in edges]
    inner = [f"{low} to below {high}" for low, high in pairwise(plain)]
    return [f"below {plain[0]}", *inner, f"{plain[-1]} and above"]


def _plain(number: float) -> str:
    """Return the number as people write it, in full."""
    text = f"{number:,.12g}"
    return text if float(text.replace(",", "")) == number else repr(number)
