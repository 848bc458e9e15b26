"""The points an applicant can reach from a present row, and what the model says of each.

A point is one whole number per move: how many steps it goes. Points are evaluated in batches.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ml._actions import ActionTable, Move, moves
from ml.estimator import checked_matrix
from ml.schema import Feature

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Steps = npt.NDArray[np.int_]
Score = Callable[[Floats], Floats]
Derive = Callable[[Floats], Floats]

_LEVELS_TO_JUDGE = 12


class Space:
    """One row, its moves and the model; it counts evaluations and remembers the best point."""

    def __init__(
        self,
        *,
        score: Score,
        row: Floats,
        table: ActionTable,
        derive: Derive | None,
        monotone: bool,
    ) -> None:
        self.table = table
        self.row = checked_matrix(table.schema, np.reshape(row, (1, -1)))[0]
        self._score, self._derive = score, derive
        self._linked = [table.schema.names.index(name) for name in table.linked]
        self.evaluations = 0
        self._check_present()
        self.present = float(self.scored(self.row[None, :])[0])
        self.best_margin = self.present
        self.moves: tuple[Move, ...] = moves(table, self.row)
        self.safe = (False,) * len(self.moves)
        if monotone:
            self._judge()
        self.best_margin, self.best_point = self.present, self.origin

    @property
    def origin(self) -> Steps:
        """Return the point at which nothing has moved."""
        return np.zeros(len(self.moves), dtype=np.int_)

    def rows(self, points: Steps) -> Floats:
        """Return the encoded row at every point, linked features recomputed."""
        changed = np.tile(self.row, (len(points), 1))
        for steps, move in zip(points.T, self.moves, strict=True):
            moved = steps > 0
            changed[moved, move.column] = move.values(steps[moved])
        return self.derived(changed)

    def derived(self, rows: Floats) -> Floats:
        """Return rows with linked features recomputed; ValueError if others came out changed."""
        if self._derive is None:
            return rows
        found = np.asarray(self._derive(rows.copy()), dtype=np.float64)
        if found.shape != rows.shape:
            raise ValueError(f"derive returned shape {found.shape} for rows of {rows.shape}.")
        changed = ((found != rows) & ~(np.isnan(found) & np.isnan(rows))).any(axis=0)
        changed[self._linked] = False
        if changed.any():
            name = self.table.schema.names[int(changed.argmax())]
            raise ValueError(f"derive changed {name}, which is not declared as linked.")
        return found

    def margins(self, points: Steps) -> Floats:
        """Return the margin of every point; infinite where a linked value leaves the schema."""
        if not len(points):
            return np.empty(0)
        rows = self.rows(points)
        margins = np.full(len(rows), np.inf)
        fits = self._fits(rows)
        if fits.any():
            margins[fits] = self.scored(rows[fits])
        lowest = int(margins.argmin())
        if margins[lowest] < self.best_margin:
            self.best_margin, self.best_point = float(margins[lowest]), points[lowest].copy()
        return margins

    def scored(self, rows: Floats) -> Floats:
        """Return the model's margins; ValueError if one is missing or not a number."""
        self.evaluations += len(rows)
        margins = np.asarray(self._score(rows), dtype=np.float64)
        if margins.shape != (len(rows),) or np.isnan(margins).any():
            raise ValueError("The model did not give one margin for every row.")
        return margins

    def costs(self, points: Steps) -> Floats:
        """Return the weighted distance of every point from the present row."""
        total = np.zeros(len(points))
        for steps, move in zip(points.T, self.moves, strict=True):
            total += move.costs(steps)
        return total

    def _check_present(self) -> None:
        present = self.row[self._linked]
        again = self.derived(self.row[None, :])[0, self._linked]
        differs = ~np.isclose(again, present, rtol=1e-6, atol=0, equal_nan=True)
        if differs.any():
            name = self.table.linked[int(differs.argmax())]
            raise ValueError(f"{name} of the row does not follow from its other values.")

    def _fits(self, rows: Floats) -> Flags:
        fits = np.ones(len(rows), dtype=np.bool_)
        for column in self._linked:
            fits &= _in_schema(self.table.schema.features[column], rows[:, column])
        return fits

    def _judge(self) -> None:
        """Mark moves of which no step can raise the risk, and drop those that cannot lower it."""
        risks = [self._risks(number) for number in range(len(self.moves))]
        judged = list(zip(self.moves, risks, strict=True))
        kept = [(move, risk) for move, risk in judged if risk is None or (risk < 0).any()]
        self.moves = tuple(move for move, _ in kept)
        self.safe = tuple(risk is not None and bool((risk <= 0).all()) for _, risk in kept)

    def _risks(self, number: int) -> Floats | None:
        """Return what the schema's directions say of each step of a move; None: they do not say.

        Positive where the step raises the risk through the feature or one that follows from it.
        """
        most = self.moves[number].most
        levels = np.unique(np.linspace(0, most, _LEVELS_TO_JUDGE).round().astype(np.int_))
        points = np.zeros((len(levels), len(self.moves)), dtype=np.int_)
        points[:, number] = levels
        rows = self.rows(points)
        directions = np.array([feature.direction for feature in self.table.schema.features])
        appears = (np.isnan(rows[1:]) != np.isnan(rows[:-1])).any()
        changes = np.nan_to_num(np.diff(rows, axis=0))
        unasked = (changes[:, directions == 0] != 0).any()
        if appears or unasked or not self._fits(rows).all():
            return None
        risks: Floats = np.sign(changes * directions)
        return risks


def _in_schema(feature: Feature, codes: Floats) -> Flags:
    gone = np.isnan(codes)
    low = -np.inf if feature.minimum is None else feature.minimum
    high = np.inf if feature.maximum is None else feature.maximum
    inside = (codes >= low) & (codes <= high) & np.isfinite(codes)
    return np.where(gone, feature.allows_missing, inside).astype(np.bool_)
