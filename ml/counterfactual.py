"""What would have turned the outcome: the least changes an applicant could make, each verified.

`search` moves only what an `ActionTable` allows, within its limits, to round figures, recomputes
what follows from them, and asks the model itself. Guarantees:

- every suggestion was built anew, scored again on its own, and meets the target;
- nothing but actionable features moves, and nothing but declared linked features follows;
- where one feature is enough and the schema's directions promise a monotone response, the change
  is the smallest the table's steps allow; without that promise it is the nearest of the values
  tried, all of them if they are no more than `SearchConfig.levels`;
- where several are needed, none of them can be taken back by a step alone (monotone models); a
  cheaper mixture may exist, since mixtures are looked for on a grid;
- there is no chance in it: the same arguments give the same answer;
- where nothing meets the target, the answer is empty and says how far the best try came.

Source of the idea: Ustun, Spangher and Liu, "Actionable recourse in linear classification", 2019.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from ml._actions import Actionable, ActionRefused, ActionTable
from ml._search_space import Derive, Score, Space

__all__ = [
    "ActionRefused",
    "ActionTable",
    "Actionable",
    "Change",
    "Counterfactuals",
    "SearchConfig",
    "Suggestion",
    "search",
]

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int_]

# Levels of each feature of a mixture: 144 points for a pair and 216 for a triple.
_MIXTURE_LEVELS = {2: 12, 3: 6}


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """How far to look: how many suggestions, of how many features, and how finely.

    `monotone` trusts the schema's directions; set it to False for a model trained without
    monotone constraints. `levels` are the values tried at once along one feature without that
    trust, `beam` the mixtures of one size examined closely.
    """

    suggestions: int = 3
    most_features: int = 3
    monotone: bool = True
    levels: int = 64
    beam: int = 10

    def __post_init__(self) -> None:
        """Refuse numbers that give no search."""
        if self.suggestions < 1 or not 1 <= self.most_features <= 3:
            raise ValueError("Ask for a suggestion or more, of one to three features.")
        if self.levels < 2 or self.beam < 1:
            raise ValueError("The search needs two levels or more and a beam of at least one.")


@dataclass(frozen=True, kw_only=True)
class Change:
    """A feature's value before and after, encoded as in the matrix."""

    feature: str
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Changes that meet the target: `changes` to make, `linked` ones that follow from them.

    `cost` is the sum of weight x steps moved; `margin` is what the model gave the changed row.
    """

    changes: tuple[Change, ...]
    linked: tuple[Change, ...]
    margin: float
    cost: float


@dataclass(frozen=True, kw_only=True)
class Counterfactuals:
    """The answer: fewest features first, then least cost. Margins in log-odds of bad.

    A suggestion is left out if part of its features alone do for no higher cost. `best_margin`
    is the lowest margin met with at most `most_features` moved, at `best_changes`; it is the
    honest answer where there are no suggestions. `evaluations` counts the rows scored.
    """

    present_margin: float
    target_margin: float
    suggestions: tuple[Suggestion, ...]
    best_margin: float
    best_changes: tuple[Change, ...]
    evaluations: int

    @property
    def already_met(self) -> bool:
        """Say whether the present row needs no change."""
        return self.present_margin <= self.target_margin


def search(
    score: Score,
    row: Floats,
    table: ActionTable,
    *,
    target_margin: float,
    config: SearchConfig | None = None,
    derive: Derive | None = None,
) -> Counterfactuals:
    """Return up to `config.suggestions` different sets of changes with margin <= target.

    `score`: encoded rows, shape (n, features), to margins, shape (n,). `row`: the present row,
    shape (features,). `derive`: rows to rows with the table's linked features recomputed, such
    as amount / income; written with `rows[..., column]` it works on one row as well as on many.
    ValueError for a row that is not the schema's or that `derive` contradicts, for a `derive`
    that changes what is not linked, and for margins that are no numbers.
    """
    if not np.isfinite(target_margin):
        raise ValueError("The target margin must be a finite number.")
    config = config or SearchConfig()
    space = Space(score=score, row=row, table=table, derive=derive, monotone=config.monotone)
    task = _Task(space, target_margin, config)
    suggestions = _suggestions(task) if space.present > target_margin and space.moves else ()
    best = space.rows(space.best_point[None, :])[0] if space.moves else space.row
    return Counterfactuals(
        present_margin=space.present,
        target_margin=target_margin,
        suggestions=suggestions,
        best_margin=space.best_margin,
        best_changes=_changes(space, best, linked=False),
        evaluations=space.evaluations,
    )


@dataclass(frozen=True)
class _Task:
    """One search: the reachable points, what is wanted, and how far to look."""

    space: Space
    target: float
    config: SearchConfig

    def meets(self, points: Steps) -> npt.NDArray[np.bool_]:
        """Return which points meet the target."""
        return self.space.margins(points) <= self.target


def _suggestions(task: _Task) -> tuple[Suggestion, ...]:
    anchors, points = _single(task)
    kept = _kept(task, points)
    for size in range(2, task.config.most_features + 1):
        if len(kept) >= task.config.suggestions:
            break
        points += _mixtures(task, anchors, size)
        kept = _kept(task, points)
    return kept


def _single(task: _Task) -> tuple[Steps, list[Steps]]:
    """Return how far each move brings the margin lowest, and the points of one move that do."""
    moves = task.space.moves
    safe = np.array(task.space.safe, dtype=np.bool_)
    anchors = np.array([move.most for move in moves], dtype=np.int_)
    trusted = np.flatnonzero(safe)
    corners = np.diag(anchors)[trusted]
    enough = task.meets(corners)
    points = list(_taken_back(task, corners[enough], trusted[enough]))
    for move in np.flatnonzero(~safe).tolist():
        levels = _levels(1, moves[move].most, task.config.levels)
        margins = task.space.margins(_along(task, move, levels))
        anchors[move] = levels[margins.argmin()]
        first = int((margins <= task.target).argmax())
        if margins[first] <= task.target:
            before = int(levels[first - 1]) if first else 0
            points.append(_nearest(task, move, low=before, high=int(levels[first])))
    return anchors, points


def _nearest(task: _Task, move: int, *, low: int, high: int) -> Steps:
    """Return the nearest point of one move, given that `high` steps do and `low` do not."""
    while high - low > 1:
        levels = _levels(low + 1, high, task.config.levels)
        first = int(task.meets(_along(task, move, levels)).argmax())
        low, high = int(levels[first - 1]) if first else low, int(levels[first])
    point: Steps = _along(task, move, np.array([high]))[0]
    return point


def _mixtures(task: _Task, anchors: Steps, size: int) -> list[Steps]:
    """Return one cheap point for each promising set of `size` moves of different features.

    A coarse grid over all they can do, a fine one around the cheapest point, then each move is
    taken back as far as it can be.
    """
    chosen = _promising(task, anchors, size)
    coarse = _cheapest(task, [_grid(task, members, anchors) for members in chosen])
    fine = _cheapest(task, [_grid(task, _moved(point), point, near=True) for point in coarse])
    return list(_polished(task, np.array(fine))) if fine else []


def _cheapest(task: _Task, grids: list[Steps]) -> list[Steps]:
    """Return the cheapest point of each grid that meets the target, for the grids with one."""
    if not grids:
        return []
    ends = np.cumsum([len(grid) for grid in grids])[:-1]
    found = []
    for grid, meets in zip(grids, np.split(task.meets(np.concatenate(grids)), ends), strict=True):
        if meets.any():
            enough = grid[meets]
            found.append(enough[task.space.costs(enough).argmin()])
    return found


def _promising(task: _Task, anchors: Steps, size: int) -> list[tuple[int, ...]]:
    """Return the sets of moves to examine: those that seem to meet the target for least cost.

    The cost is read off the straight line from the present margin to the one with all moves made.
    Sets of safe moves that cannot meet the target even so are left out.
    """
    moves = task.space.moves
    sets = [
        members
        for members in combinations(range(len(moves)), size)
        if len({moves[move].column for move in members}) == size
    ]
    if not sets:
        return []
    corners = np.zeros((len(sets), len(moves)), dtype=np.int_)
    for corner, members in zip(corners, sets, strict=True):
        corner[list(members)] = anchors[list(members)]
    margins = task.space.margins(corners)
    gain = np.maximum(task.space.present - margins, 1e-12)
    guess = task.space.costs(corners) * (task.space.present - task.target) / gain
    misses = margins > task.target
    safe = np.array([all(task.space.safe[move] for move in members) for members in sets])
    order = np.lexsort((guess, misses))
    return [sets[place] for place in order[~(safe & misses)[order]].tolist()][: task.config.beam]


def _grid(task: _Task, members: tuple[int, ...], centre: Steps, *, near: bool = False) -> Steps:
    """Return the points of a set of moves on a grid: of all they can do, or near the centre.

    The centre's own levels are always among them. Near means within a cell of the coarse grid.
    """
    count = _MIXTURE_LEVELS[len(members)]
    levels = []
    for move in members:
        most, middle = task.space.moves[move].most, int(centre[move])
        cell = math.ceil(most / (count - 1)) if near else most
        spread = _levels(max(1, middle - cell), min(most, middle + cell), count)
        levels.append(np.union1d(spread, [middle]).tolist())
    combined = np.array(list(product(*levels)), dtype=np.int_)
    points = np.zeros((len(combined), len(centre)), dtype=np.int_)
    points[:, list(members)] = combined
    return points


def _moved(point: Steps) -> tuple[int, ...]:
    return tuple(np.flatnonzero(point).tolist())


def _polished(task: _Task, points: Steps) -> Steps:
    """Return points that meet the target with every move taken back as far as it can be alone."""
    # The dearest first. One pass is enough: taking one move back leaves the others less room.
    order = np.argsort(-_costs_per_move(task, points), axis=1, kind="stable")
    for place in range(min(task.config.most_features, order.shape[1])):
        points = _taken_back(task, points, order[:, place])
    return points


def _costs_per_move(task: _Task, points: Steps) -> Floats:
    columns = zip(points.T, task.space.moves, strict=True)
    return np.column_stack([move.costs(steps) for steps, move in columns])


def _taken_back(task: _Task, points: Steps, moves: Steps) -> Steps:
    """Return each point with its one move bisected to the fewest steps that still do.

    `points` meet the target and so does what is returned, whatever the response; it is the
    fewest where the response is monotone. All points are bisected at once, a batch per round.
    """
    places = np.arange(len(points))
    low, high = np.full(len(points), -1), points[places, moves]
    while (unsettled := high - low > 1).any():
        middle = (low[unsettled] + high[unsettled]) // 2
        trial = points[unsettled].copy()
        trial[np.arange(len(trial)), moves[unsettled]] = middle
        meets = task.meets(trial)
        high[unsettled] = np.where(meets, middle, high[unsettled])
        low[unsettled] = np.where(meets, low[unsettled], middle)
    settled = points.copy()
    settled[places, moves] = high
    return settled


def _along(task: _Task, move: int, levels: Steps) -> Steps:
    points = np.zeros((len(levels), len(task.space.moves)), dtype=np.int_)
    points[:, move] = levels
    return points


def _levels(low: int, high: int, most: int) -> Steps:
    """Return at most `most` whole numbers from low to high, both included, evenly spread."""
    count = min(most, high - low + 1)
    levels: Steps = np.unique(np.linspace(low, high, count).round().astype(np.int_))
    return levels


def _kept(task: _Task, points: Sequence[Steps]) -> tuple[Suggestion, ...]:
    """Return the suggestions worth making, best first: verified, different, none superfluous."""
    ordered = sorted(
        (suggestion for point in points if (suggestion := _verified(task, point)) is not None),
        key=lambda each: (len(each.changes), each.cost, _rank(task, each)),
    )
    kept: list[Suggestion] = []
    for each in ordered:
        if not any(
            _names(other.changes) <= _names(each.changes)
            and (other.cost <= each.cost or len(other.changes) == len(each.changes))
            for other in kept
        ):
            kept.append(each)
    return tuple(kept[: task.config.suggestions])


def _rank(task: _Task, suggestion: Suggestion) -> list[tuple[int, float]]:
    """Return what settles a tie: the order of the table, then the lower value."""
    order = [action.feature for action in task.space.table.actions]
    return sorted((order.index(each.feature), each.after) for each in suggestion.changes)


def _verified(task: _Task, point: Steps) -> Suggestion | None:
    """Return the point as a suggestion if the model, asked again about it alone, agrees."""
    space = task.space
    changed = space.rows(point[None, :])
    margin = float(space.margins(point[None, :])[0])
    if margin > task.target:
        return None
    return Suggestion(
        changes=_changes(space, changed[0], linked=False),
        linked=_changes(space, changed[0], linked=True),
        margin=margin,
        cost=float(space.costs(point[None, :])[0]),
    )


def _changes(space: Space, changed: Floats, *, linked: bool) -> tuple[Change, ...]:
    schema, follows = space.table.schema, space.table.linked
    return tuple(
        Change(feature=name, before=before, after=after)
        for name, before, after in zip(
            schema.names, space.row.tolist(), changed.tolist(), strict=True
        )
        if (name in follows) == linked and not _same(before, after, follows=linked)
    )


def _same(before: float, after: float, *, follows: bool) -> bool:
    if math.isnan(before) or math.isnan(after):
        return math.isnan(before) and math.isnan(after)
    # A recomputed value may differ from the stored one in its last digits without any change.
    return math.isclose(before, after, rel_tol=1e-9 if follows else 0)


def _names(changes: Iterable[Change]) -> set[str]:
    return {change.feature for change in changes}
