"""How much a score hangs on single values: missing ones, noise, wrong directions and extremes.

Works on any scoring function of an encoded matrix (`Schema.encode`). As in `cutoffs`, approved is
who has a probability of default below the cut-off. Chance comes from the given seed only, and
`rows` limits how many rows are scored, drawn without repetition. What an applicant gains by
overstating is in `overstatement`.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ml import metrics
from ml.estimator import checked_matrix
from ml.metrics import Floats
from ml.schema import Feature, Schema

Score = Callable[[Floats], Floats]
Flags = npt.NDArray[np.bool_]
Kind = Literal["feature", "group", "random", "all"]

_TOLERANCE = 1e-9
_NUMBERS = ("number", "integer")


@dataclass(frozen=True, eq=False)
class Subject:
    """The model under test, the rows it is tested on, and the cut-off of a decision.

    `score` returns one probability of default per row of a matrix. ValueError for a matrix that
    does not fit the schema, no rows, or a cut-off that is no probability.
    """

    score: Score
    schema: Schema
    matrix: Floats
    cut_off: float

    def __post_init__(self) -> None:
        """Refuse rows that do not fit and a cut-off that decides nothing."""
        object.__setattr__(self, "matrix", checked_matrix(self.schema, self.matrix))
        if len(self.matrix) == 0:
            raise ValueError("Sensitivity needs at least one row.")
        if not 0 < self.cut_off < 1:
            raise ValueError(f"The cut-off must lie between 0 and 1 (got {self.cut_off!r}).")

    def pd(self, matrix: Floats) -> Floats:
        """Return the probabilities of a matrix, or ValueError if the model returns none."""
        scores = np.asarray(self.score(matrix), dtype=np.float64)
        if scores.shape != (len(matrix),) or not ((scores >= 0) & (scores <= 1)).all():
            raise ValueError("The scoring function must return one probability per row.")
        return scores

    @cached_property
    def base(self) -> Floats:
        """Return the probabilities of the rows as they are."""
        return self.pd(self.matrix)

    def sampled(self, rows: int, seed: int) -> "tuple[Subject, npt.NDArray[np.int_]]":
        """Return the subject on at most so many of its rows, and which these are."""
        total = len(self.matrix)
        if total <= rows:
            return self, np.arange(total)
        chosen = np.sort(np.random.default_rng(seed).choice(total, rows, replace=False))
        return Subject(self.score, self.schema, self.matrix[chosen], self.cut_off), chosen


@dataclass(frozen=True, kw_only=True)
class SensitivityConfig:
    """What is disturbed and how much.

    `random_shares`: shares of values that go missing at random. `noise`: the standard deviation
    of the noise, a fraction of the feature's own (`noise_of` "spread") or of each value
    ("value"). `swap_share`: how many categories and flags are replaced by another one.
    """

    random_shares: tuple[float, ...] = (0.05, 0.10, 0.20)
    noise: float = 0.10
    noise_of: Literal["spread", "value"] = "spread"
    swap_share: float = 0.10
    sweep_points: int = 21
    rows: int = 10_000
    sweep_rows: int = 1_000
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse shares that are none and sweeps that go nowhere."""
        shares = (*self.random_shares, self.swap_share)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError("A share lies between 0 and 1.")
        if self.noise < 0 or self.sweep_points < 2 or min(self.rows, self.sweep_rows) < 1:
            raise ValueError("Noise cannot be negative; a sweep needs two points and a row.")


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What one disturbance did. Shares are of all rows; changes are after minus before.

    `allowed`: the schema lets a row come like this. `pd_change` are the quantiles .50, .95 and
    .99 of the absolute change. AUCs are None without outcomes or with one class only.
    """

    what: str
    kind: Kind
    allowed: bool
    newly_declined: float
    newly_approved: float
    mean_pd_change: float
    pd_change: tuple[float, float, float]
    auc: float | None
    auc_change: float | None

    @property
    def flipped(self) -> float:
        """Return the share of decisions that changed."""
        return self.newly_declined + self.newly_approved


@dataclass(frozen=True)
class EffectReport:
    """The undisturbed figures and every effect, features first."""

    rows: int
    cut_off: float
    mean_pd: float
    declined: float
    auc: float | None
    effects: tuple[Effect, ...]

    @property
    def worst(self) -> Effect | None:
        """Return the effect of a single feature that flips most decisions; None without any."""
        single = [effect for effect in self.effects if effect.kind == "feature"]
        return max(single, key=lambda effect: effect.flipped, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        effects = [{**asdict(effect), "flipped": effect.flipped} for effect in self.effects]
        return {**asdict(self), "effects": effects}


@dataclass(frozen=True)
class Sweep:
    """One feature moved through its observed values, everything else unchanged.

    `violating` is the share of rows whose PD moves against the declared direction anywhere on
    the way, by more than 1e-9; `largest_step` the largest such move between two points.
    """

    feature: str
    direction: int
    rows: int
    violating: float
    largest_step: float


@dataclass(frozen=True)
class Extremes:
    """What the model says at the limits of the declared ranges and about a row of nothing.

    `broken` names the places where it gives no probability. `all_missing_pd` is None, with the
    reason in `all_missing_refused`, where the model refuses or fails to score such a row.
    """

    places: tuple[str, ...]
    broken: tuple[str, ...]
    lowest_pd: float | None
    highest_pd: float | None
    all_missing_pd: float | None
    all_missing_refused: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as JSON values."""
        return asdict(self)


def missing_values(
    subject: Subject, bad: Floats | None = None, *, config: SensitivityConfig | None = None
) -> EffectReport:
    """Return what happens when a feature, a reason group or a random share is missing.

    Every feature is tried, `allowed` or not, because a source can fail as a whole; random shares
    fall only on features that may be missing, and are left out where there are none.
    """
    config = config or SensitivityConfig()
    return _effects(subject, bad, config, _with_gaps)


def perturbation(
    subject: Subject, bad: Floats | None = None, *, config: SensitivityConfig | None = None
) -> EffectReport:
    """Return what noise in each feature, and in all at once, does to the decisions.

    Numbers get normal noise and stay within their range, whole ones whole; a share of categories
    and flags is swapped for another. What is missing stays missing.
    """
    config = config or SensitivityConfig()
    return _effects(subject, bad, config, _with_noise)


def monotone_violations(
    subject: Subject, *, config: SensitivityConfig | None = None
) -> tuple[Sweep, ...]:
    """Return a sweep for every feature with a declared direction and two observed values."""
    config = config or SensitivityConfig()
    sampled, _ = subject.sampled(config.sweep_rows, config.seed)
    sweeps = []
    for place, feature in enumerate(subject.schema.features):
        values = subject.matrix[:, place]
        known = values[~np.isnan(values)]
        if feature.direction == 0 or len(np.unique(known)) < 2:
            continue
        shares = np.linspace(0, 1, config.sweep_points)
        grid = np.unique(np.quantile(known, shares, method="inverted_cdf"))
        sweeps.append(_sweep(sampled, feature, place, grid))
    return tuple(sweeps)


def extremes(subject: Subject, *, rows: int = 100, seed: int = 42) -> Extremes:
    """Return whether the model gives a probability at every declared limit.

    Some rows are taken, each declared minimum and maximum put in turn and then all together.
    """
    sampled, _ = subject.sampled(rows, seed)
    found: dict[str, Floats] = {}
    together = {end: sampled.matrix.copy() for end in ("minimum", "maximum")}
    for place, feature in enumerate(subject.schema.features):
        for end, limit in (("minimum", feature.minimum), ("maximum", feature.maximum)):
            if limit is not None:
                alone = sampled.matrix.copy()
                alone[:, place] = together[end][:, place] = limit
                found[f"{feature.name} at its {end}"] = np.asarray(subject.score(alone))
    for end, matrix in together.items():
        found[f"everything at its {end}"] = np.asarray(subject.score(matrix))
    broken = tuple(place for place, scores in found.items() if not _probable(scores))
    sound = [scores for place, scores in found.items() if place not in broken]
    pd, refused = _of_nothing(subject)
    return Extremes(
        tuple(found),
        broken,
        min((float(scores.min()) for scores in sound), default=None),
        max((float(scores.max()) for scores in sound), default=None),
        pd,
        refused,
    )


@dataclass(frozen=True)
class _Disturbed:
    what: str
    kind: Kind
    allowed: bool
    matrix: Floats


def _effects(
    subject: Subject,
    bad: Floats | None,
    config: SensitivityConfig,
    disturbed: Callable[[Subject, SensitivityConfig], Iterator[_Disturbed]],
) -> EffectReport:
    sampled, chosen = subject.sampled(config.rows, config.seed)
    outcomes = None
    if bad is not None:
        _, outcomes = metrics.checked(np.zeros(len(subject.matrix)), bad)
        outcomes = outcomes[chosen]
    area = None if outcomes is None else metrics.auc(sampled.base, outcomes)
    return EffectReport(
        len(chosen),
        subject.cut_off,
        float(sampled.base.mean()),
        float((sampled.base >= subject.cut_off).mean()),
        area,
        tuple(_effect(sampled, outcomes, area, one) for one in disturbed(sampled, config)),
    )


def _effect(
    subject: Subject, bad: Floats | None, area: float | None, disturbed: _Disturbed
) -> Effect:
    scores = subject.pd(disturbed.matrix)
    change = scores - subject.base
    before, after = subject.base >= subject.cut_off, scores >= subject.cut_off
    now = None if bad is None else metrics.auc(scores, bad)
    middle, high, highest = np.quantile(np.abs(change), (0.5, 0.95, 0.99)).tolist()
    return Effect(
        what=disturbed.what,
        kind=disturbed.kind,
        allowed=disturbed.allowed,
        newly_declined=float((~before & after).mean()),
        newly_approved=float((before & ~after).mean()),
        mean_pd_change=float(change.mean()),
        pd_change=(middle, high, highest),
        auc=now,
        auc_change=None if now is None or area is None else now - area,
    )


def _with_gaps(subject: Subject, config: SensitivityConfig) -> Iterator[_Disturbed]:
    features = subject.schema.features
    allowed = np.array([feature.allows_missing for feature in features])
    for place, feature in enumerate(features):
        yield _Disturbed(feature.name, "feature", bool(allowed[place]), _emptied(subject, [place]))
    for group in dict.fromkeys(feature.group for feature in features):
        places = [place for place, feature in enumerate(features) if feature.group == group]
        may = bool(allowed[places].all())
        yield _Disturbed(group, "group", may, _emptied(subject, places))
    if not allowed.any():
        return
    chance = np.random.default_rng(config.seed)
    for share in config.random_shares:
        gone = (chance.random(subject.matrix.shape) < share) & allowed
        matrix = np.where(gone, np.nan, subject.matrix)
        yield _Disturbed(f"{share:.0%} at random", "random", allowed=True, matrix=matrix)


def _with_noise(subject: Subject, config: SensitivityConfig) -> Iterator[_Disturbed]:
    everything = subject.matrix.copy()
    for place, feature in enumerate(subject.schema.features):
        # Its own generator, so that a feature's noise does not depend on those before it.
        chance = np.random.default_rng([config.seed, place])
        noisy = _noisy(feature, subject.matrix[:, place], config, chance)
        alone = subject.matrix.copy()
        alone[:, place] = everything[:, place] = noisy
        yield _Disturbed(feature.name, "feature", allowed=True, matrix=alone)
    yield _Disturbed("all features", "all", allowed=True, matrix=everything)


def _noisy(
    feature: Feature, column: Floats, config: SensitivityConfig, chance: np.random.Generator
) -> Floats:
    if feature.kind not in _NUMBERS:
        return _swapped(feature, column, config.swap_share, chance)
    known = column[~np.isnan(column)]
    scale = np.abs(column) if config.noise_of == "value" else known.std() if len(known) else 0.0
    return within_range(
        feature, column + config.noise * scale * chance.standard_normal(len(column))
    )


def _swapped(feature: Feature, column: Floats, share: float, chance: np.random.Generator) -> Floats:
    codes = max(len(feature.categories), 1) if feature.kind == "category" else 2
    if codes < 2:
        return column
    # Adding 1 to codes - 1, modulo the number of codes, is any code but the row's own.
    other = (column + chance.integers(1, codes, len(column))) % codes
    swapped: Floats = np.where(chance.random(len(column)) < share, other, column)
    return swapped


def within_range(feature: Feature, column: Floats) -> Floats:
    """Return the column as the schema would take it: whole where it must be, and in its range."""
    whole = np.rint(column) if feature.kind == "integer" else column
    if feature.minimum is None and feature.maximum is None:
        return whole
    clipped: Floats = np.clip(whole, feature.minimum, feature.maximum)
    return clipped


def _sweep(subject: Subject, feature: Feature, place: int, grid: Floats) -> Sweep:
    rows = len(subject.matrix)
    matrix = np.repeat(subject.matrix, len(grid), axis=0)
    matrix[:, place] = np.tile(grid, rows)
    steps = np.diff(subject.pd(matrix).reshape(rows, len(grid)), axis=1)
    against = -feature.direction * steps
    wrong = against > _TOLERANCE
    largest = float(against[wrong].max()) if wrong.any() else 0.0
    return Sweep(feature.name, feature.direction, rows, float(wrong.any(axis=1).mean()), largest)


def _emptied(subject: Subject, places: list[int]) -> Floats:
    matrix = subject.matrix.copy()
    matrix[:, places] = np.nan
    return matrix


def _probable(scores: Floats) -> bool:
    return bool(((scores >= 0) & (scores <= 1)).all())


def _of_nothing(subject: Subject) -> tuple[float | None, str | None]:
    """Return the probability of a row without any value, or why the model gives none."""
    try:
        scores = subject.pd(np.full((1, len(subject.schema.names)), np.nan))
    except ValueError as refusal:
        return None, str(refusal)
    return float(scores[0]), None
