"""What an applicant may change, by how much, and at what cost: the table and its moves.

Guarantees: nothing protected, and no proxy for it, is actionable; every reachable value is a
round figure (a multiple of the step), lies inside the table's and the schema's limits, and on a
side of the present value that the table allows.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.schema import Feature, Schema, is_protected

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int_]

_SLACK = 1e-9


class ActionRefused(ValueError):
    """The table of actions is wrong, or asks for what nobody may be asked to change."""


@dataclass(frozen=True, kw_only=True)
class Actionable:
    """One feature an applicant can change, in the feature's own unit.

    `direction`: +1 it may only rise, -1 only fall, 0 either. `lowest` and `highest` bound the new
    value; with `relative` they are changes as shares of the present value's size (-0.5: down by
    half at most; 0.2: up by a fifth at most). Reachable values are multiples of `step`. `weight`
    is the cost of moving by one step. `integer` refuses steps that are no whole number.
    """

    feature: str
    step: float
    direction: int = 0
    lowest: float | None = None
    highest: float | None = None
    relative: bool = False
    weight: float = 1.0
    integer: bool = False

    def __post_init__(self) -> None:
        """Refuse a row that contradicts itself or names a protected attribute."""
        limits = [limit for limit in (self.lowest, self.highest) if limit is not None]
        for broken, why in (
            (is_protected(self.feature), "it is a protected attribute"),
            (self.direction not in (-1, 0, 1), "the direction must be -1, 0 or 1"),
            (not 0 < self.step < math.inf, "the step must be above 0"),
            (not 0 < self.weight < math.inf, "the weight must be above 0"),
            (not all(map(math.isfinite, limits)), "a limit is not a finite number"),
            (len(limits) == 2 and limits[0] > limits[1], "the limits exclude each other"),
            (self.integer and self.step != round(self.step), "the step must be a whole number"),
        ):
            if broken:
                raise ActionRefused(f"{self.feature} cannot be actionable: {why}.")


@dataclass(frozen=True, kw_only=True)
class ActionTable:
    """The governed table: actionable features of one schema, and what follows from them.

    `linked` features are recomputed when others move and may never be moved themselves. What the
    schema declares protected, or a proxy for it, may not be actionable.
    """

    schema: Schema
    actions: tuple[Actionable, ...]
    linked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what the schema does not know, has no order, is named twice, or is sensitive."""
        names = [action.feature for action in self.actions]
        strange = [name for name in (*names, *self.linked) if name not in self.schema.names]
        if strange:
            raise ActionRefused(f"{strange[0]} is not a feature of {self.schema.name}.")
        for action in self.actions:
            feature = self.schema.feature(action.feature)
            for broken, why in (
                (names.count(action.feature) > 1, "it is in the table twice"),
                (action.feature in self.linked, "it follows from other features"),
                (feature.sensitivity != "none", f"the schema calls it {feature.sensitivity}"),
                (feature.kind not in ("number", "integer"), "it has no amount to move"),
                (not _is_bounded(action, feature), "it has no limit on a side it may move to"),
                (
                    feature.kind == "integer" and not action.integer,
                    "it is a whole number, so the action must say integer",
                ),
            ):
                if broken:
                    raise ActionRefused(f"{action.feature} cannot be actionable: {why}.")


@dataclass(frozen=True, kw_only=True)
class Move:
    """A feature moved one way from its present value, 1 to `most` steps far.

    One step leads to `first` x the action's step, the nearest multiple on that side within the
    limits `low` and `high`; every further step to the next multiple.
    """

    action: Actionable
    column: int
    present: float
    sign: int
    first: int
    most: int
    low: float
    high: float

    def values(self, steps: Steps) -> Floats:
        """Return the feature's values after that many steps; 0 steps is the present value."""
        multiples = self.first + self.sign * (steps - 1)
        # Multiples of 0.05 read 0.15, not 0.15000000000000002.
        decimals = max(0, 9 - math.floor(math.log10(self.action.step)))
        moved = np.clip(np.round(multiples * self.action.step, decimals), self.low, self.high)
        return np.where(steps == 0, self.present, moved)

    def costs(self, steps: Steps) -> Floats:
        """Return weight x distance from the present value, counted in steps of the table."""
        distance = np.abs(self.values(steps) - self.present) / self.action.step
        costs: Floats = self.action.weight * distance
        return costs


def moves(table: ActionTable, row: Floats) -> tuple[Move, ...]:
    """Return every way a row's features may move at least one step, in the table's order.

    A feature whose value is missing cannot be moved: nobody knows from where.
    """
    found = []
    for action in table.actions:
        column = table.schema.names.index(action.feature)
        present = float(row[column])
        sides = () if math.isnan(present) else (-1, 1)
        found += [
            _move(action, table.schema.features[column], column=column, present=present, sign=sign)
            for sign in sides
            if action.direction in (0, sign)
        ]
    return tuple(move for move in found if move.most >= 1)


def _move(action: Actionable, feature: Feature, *, column: int, present: float, sign: int) -> Move:
    low, high = _limits(action, feature, present)
    near, far = (low, high) if sign > 0 else (high, low)
    beyond = math.floor(sign * present / action.step + _SLACK) + 1
    if math.isfinite(near):
        beyond = max(beyond, math.ceil(sign * near / action.step - _SLACK))
    most = math.floor(sign * far / action.step + _SLACK) - beyond + 1
    return Move(
        action=action,
        column=column,
        present=present,
        sign=sign,
        first=sign * beyond,
        most=most,
        low=low,
        high=high,
    )


def _limits(action: Actionable, feature: Feature, present: float) -> tuple[float, float]:
    """Return the tighter of the table's and the schema's limits; infinite where neither has one."""
    low, high = _declared(feature)
    scale, origin = (abs(present), present) if action.relative else (1.0, 0.0)
    if action.lowest is not None:
        low = max(low, origin + scale * action.lowest)
    if action.highest is not None:
        high = min(high, origin + scale * action.highest)
    return low, high


def _declared(feature: Feature) -> tuple[float, float]:
    low = -math.inf if feature.minimum is None else feature.minimum
    return low, math.inf if feature.maximum is None else feature.maximum


def _is_bounded(action: Actionable, feature: Feature) -> bool:
    low, high = _declared(feature)
    falls = action.direction == 1 or action.lowest is not None or math.isfinite(low)
    rises = action.direction == -1 or action.highest is not None or math.isfinite(high)
    return falls and rises
