"""Data behind the two pictures of attributions: one row's waterfall, many rows' beeswarm."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml._attributions import Attributions, decoded, evenly, position_of
from ml.schema import Value

Floats = npt.NDArray[np.float64]

_WIDEST_OFFSET = 0.4


@dataclass(frozen=True, kw_only=True)
class Step:
    """One bar of a waterfall: from `start` to `end`. `name` is a feature, `value` this row's."""

    name: str
    value: Value
    contribution: float
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Waterfall:
    """The way from the base to one row's margin, the largest steps first.

    Each step starts exactly where the one before it ended, the first at `base`, and the last bar
    ends exactly at `margin`. `others` collapses the `other_features` that are not shown; None
    where all are.
    """

    base: float
    margin: float
    steps: tuple[Step, ...]
    others: Step | None
    other_features: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Swarm:
    """One feature's line of a beeswarm; the three tuples have one element per row shown.

    `colours` run from 0 (lowest value) to 1 (highest); None for a missing value and throughout
    for a category, which has no order. `offsets` lie between -0.4 and 0.4 of a line's height.
    """

    name: str
    mean_absolute: float
    contributions: tuple[float, ...]
    colours: tuple[float | None, ...]
    offsets: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Beeswarm:
    """The most important features' swarms, greatest first, over the same `rows` positions."""

    rows: tuple[int, ...]
    swarms: tuple[Swarm, ...]


def waterfall(attributions: Attributions, row: int, *, most_steps: int = 8) -> Waterfall:
    """Return one row's way from base to margin; ValueError if there is no such row.

    Features beyond `most_steps` are one last step, "other features"; equal steps keep the
    declared order.
    """
    if not 0 <= row < len(attributions.margins):
        raise ValueError(f"There is no row {row}; there are {len(attributions.margins)}.")
    if most_steps < 1:
        raise ValueError("A waterfall needs at least one step.")
    features, shares = attributions.schema.features, attributions.values[row].tolist()
    order = np.argsort(-np.abs(attributions.values[row]), kind="stable").tolist()
    shown, rest = order[:most_steps], order[most_steps:]
    sums = [
        math.fsum([float(attributions.base[row]), *(shares[p] for p in order[:n])])
        for n in range(len(shown) + 1)
    ]
    steps = tuple(
        Step(
            name=features[position].name,
            value=decoded(features[position], float(attributions.matrix[row, position])),
            contribution=shares[position],
            start=sums[number],
            end=sums[number + 1],
        )
        for number, position in enumerate(shown)
    )
    margin = math.fsum([sums[0], *shares])
    others = Step(
        name="other features",
        value=None,
        contribution=math.fsum(shares[position] for position in rest),
        start=sums[-1],
        end=margin,
    )
    return Waterfall(
        base=sums[0],
        margin=margin,
        steps=steps,
        others=others if rest else None,
        other_features=tuple(features[position].name for position in rest),
    )


def beeswarm(
    attributions: Attributions, *, most_features: int = 15, most_rows: int = 500
) -> Beeswarm:
    """Return the swarms of the most important features over rows spread evenly.

    Offsets come from density, not from chance: points of one slice of contributions are stacked
    alternately to both sides, so the same rows always give the same picture.
    """
    if most_features < 1 or most_rows < 1:
        raise ValueError("A beeswarm needs at least one feature and one row.")
    kept = evenly(len(attributions.margins), most_rows)
    means = np.abs(attributions.values).mean(axis=0)
    order = np.argsort(-means, kind="stable")[:most_features].tolist()
    names = attributions.schema.names
    return Beeswarm(
        rows=tuple(kept.tolist()),
        swarms=tuple(
            _swarm(attributions, names[position], kept, mean=float(means[position]))
            for position in order
        ),
    )


def _swarm(
    attributions: Attributions, name: str, kept: npt.NDArray[np.int_], *, mean: float
) -> Swarm:
    position = position_of(attributions.schema, name)
    shares = attributions.values[kept, position]
    codes = attributions.matrix[:, position]
    ordered = attributions.schema.features[position].kind != "category"
    colours = _scaled(codes)[kept].tolist() if ordered else [None] * len(kept)
    return Swarm(
        name=name,
        mean_absolute=mean,
        contributions=tuple(shares.tolist()),
        colours=tuple(None if c is None or math.isnan(c) else c for c in colours),
        offsets=tuple(_offsets(shares).tolist()),
    )


def _scaled(codes: Floats) -> Floats:
    """Return values as 0 to 1 between the 5th and 95th percentile, so outliers keep the rest."""
    known = codes[~np.isnan(codes)]
    if not len(known):
        return codes
    low, high = np.quantile(known, (0.05, 0.95))
    if low == high:
        low, high = known.min(), known.max()
    if low == high:
        return np.where(np.isnan(codes), np.nan, 0.5)
    scaled: Floats = np.clip((codes - low) / (high - low), 0, 1)
    return scaled


def _offsets(shares: Floats, *, slices: int = 100) -> Floats:
    """Return each point's place beside the line: 0, +1, -1, +2 ... within its slice, scaled."""
    spread = float(np.ptp(shares)) or 1.0
    slot = np.minimum(((shares - shares.min()) / spread * slices).astype(np.int_), slices - 1)
    order = np.lexsort((np.arange(len(shares)), shares, slot))
    starts = np.searchsorted(slot[order], slot[order], side="left")
    rank = np.arange(len(shares)) - starts
    side = np.where(rank % 2 == 1, 1, -1) * ((rank + 1) // 2)
    offsets = np.empty(len(shares), dtype=np.float64)
    offsets[order] = side * (_WIDEST_OFFSET / max(1, int(np.abs(side).max())))
    return offsets
