"""Several models speaking as one: a weighted mean of their calibrated log-odds.

Each member is calibrated by a straight line on margins of rows it never saw; the weights come
from the same margins: the mean of all members that keep up, then one addition after the other,
as long as the blend predicts better (ensemble selection; Caruana and others 2004). A mean of
log-odds is a sum, so the blend's attributions are the weighted sums of its members' and stay
exact.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.model_selection import StratifiedKFold

from ml import calibration, families
from ml.boosting import BoostingConfig, ForestConfig
from ml.calibration import NoSignal, Platt
from ml.catboost_trees import CatBoostConfig
from ml.estimator import (
    CrossFit,
    Estimator,
    Fitted,
    Floats,
    Folds,
    TrainingRefused,
    is_worse,
    log_loss_at,
    losses_at,
)
from ml.families import Config
from ml.schema import Schema
from ml.xgboost_trees import XGBoostConfig

_ERRORS_BEHIND = 2.0
_BY_CHANCE = (BoostingConfig, ForestConfig, CatBoostConfig, XGBoostConfig)


@dataclass(frozen=True, kw_only=True)
class BlendConfig:
    """Which members to try, how many additions the weights are made of, and the inner folds.

    An addition is allowed for every `rows_an_addition` rows, up to `additions`: a small sample
    cannot tell its members apart, and their plain mean is the safer blend.

    Below `few_rows` the members are `few`, if there are any; each that uses chance takes part with
    `seeds` different seeds, and the blend is the plain mean of all: on a small sample one seed is
    luck, their mean is not, and weights would follow the luck.
    """

    kind: ClassVar[str] = "blend"

    members: tuple[Config, ...]
    few: tuple[Config, ...] = ()
    additions: int = 12
    rows_an_addition: int = 400
    few_rows: int = 2000
    seeds: int = 2
    folds: int = 5
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse a blend of nothing."""
        for name, fits in (
            ("members", len(self.members) >= 1),
            ("additions", self.additions >= 1),
            ("folds", self.folds >= 2),
            ("rows_an_addition", self.rows_an_addition >= 1),
            ("few_rows", self.few_rows >= 0),
            ("seeds", self.seeds >= 1),
        ):
            if not fits:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return {
            "members": [{"kind": one.kind, **one.to_dict()} for one in self.members],
            "few": [{"kind": one.kind, **one.to_dict()} for one in self.few],
            "additions": self.additions,
            "rows_an_addition": self.rows_an_addition,
            "few_rows": self.few_rows,
            "seeds": self.seeds,
            "folds": self.folds,
            "seed": self.seed,
        }


@dataclass(frozen=True, eq=False)
class Member:
    """One model of a blend, its line into log-odds, and its share."""

    model: Fitted
    line: Platt
    weight: float


@dataclass(frozen=True, eq=False)
class Blend:
    """Members whose weights add up to one."""

    kind: ClassVar[str] = "blend"

    schema: Schema
    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        """Refuse weights that are no shares."""
        weights = [member.weight for member in self.members]
        if not weights or min(weights) <= 0 or abs(sum(weights) - 1) > 1e-9:
            raise ValueError("The weights of a blend are positive and add up to one.")

    def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return the weighted mean of the members' calibrated log-odds of bad."""
        total = np.zeros(len(matrix))
        for one in self.members:
            margins = one.model.margins(matrix, threads=threads)
            total += one.weight * one.line.log_odds_of(margins)
        return total

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return the weighted sum of the members' exact attributions."""
        total = np.zeros((len(matrix), len(self.schema.names) + 1))
        for one in self.members:
            shares = one.model.contributions(matrix, threads=threads)
            total += one.weight * one.line.slope * shares
            total[:, -1] += one.weight * one.line.intercept
        return total

    def to_body(self) -> str:
        """Return the members with their lines and weights as JSON."""
        members = [
            {
                "kind": one.model.kind,
                "weight": one.weight,
                "line": one.line.to_dict(),
                "body": one.model.to_body(),
            }
            for one in self.members
        ]
        return json.dumps({"members": members}, sort_keys=True)

    @classmethod
    def from_body(cls, body: str, schema: Schema) -> Self:
        """Return the blend that `to_body` wrote; ValueError or KeyError for anything else."""
        members = tuple(
            Member(
                model=families.load(part["kind"], part["body"], schema),
                line=Platt(intercept=part["line"]["intercept"], slope=part["line"]["slope"]),
                weight=float(part["weight"]),
            )
            for part in json.loads(body)["members"]
        )
        return cls(schema, members)

    def facts(self) -> dict[str, Any]:
        """Return each member's kind, share and facts."""
        return {
            "members": [
                {"kind": one.model.kind, "weight": one.weight, **one.model.facts()}
                for one in self.members
            ]
        }


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A member before its weight is known: settled on unseen rows, not yet fitted to all."""

    estimator: Estimator
    line: Platt
    log_odds: Floats


class BlendEstimator(Estimator):
    """Blends by `BlendConfig`. A member that cannot order unseen rows takes no part."""

    def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> Fitted:
        """Return the blend with members fitted to all rows and weights found on inner folds."""
        folds = inner_folds(bad, count=self.config.folds, seed=self.config.seed)
        settled = self.cross_fit(matrix, bad, weight, folds).estimator
        return settled.learn(matrix, bad, weight)

    def cross_fit(
        self, matrix: Floats, bad: Floats, weight: Floats | None, folds: Folds
    ) -> CrossFit:
        """Return the blend's margins of unseen rows, and the blend with its weights settled."""
        candidates = []
        for config in self._members(len(bad)):
            member = families.estimator(self.schema, config)
            try:
                found = member.cross_fit(matrix, bad, weight, folds)
                line = calibration.fit_platt(found.margins, bad, weight)
            except (NoSignal, TrainingRefused):
                continue
            candidates.append(_Candidate(found.estimator, line, line.log_odds_of(found.margins)))
        if not candidates:
            raise TrainingRefused("No member of the blend orders the outcomes.")
        shares = self._shares([one.log_odds for one in candidates], bad, weight)
        margins = np.zeros(len(bad))
        for one, share in zip(candidates, shares, strict=True):
            margins += share * one.log_odds
        chosen = [
            (one.estimator, one.line, share)
            for one, share in zip(candidates, shares, strict=True)
            if share > 0
        ]
        return CrossFit(margins, SettledBlend(self.schema, self.config, chosen))

    def _shares(
        self, log_odds: Sequence[Floats], bad: Floats, weight: Floats | None
    ) -> list[float]:
        if len(bad) < self.config.few_rows:
            return [1 / len(log_odds)] * len(log_odds)
        additions = min(self.config.additions, len(bad) // self.config.rows_an_addition)
        return weights_of(log_odds, bad, weight, additions=additions)

    def _members(self, rows: int) -> Iterator[Config]:
        few = rows < self.config.few_rows
        seeds = self.config.seeds if few else 1
        for config in (few and self.config.few) or self.config.members:
            yield config
            for more in range(1, seeds if isinstance(config, _BY_CHANCE) else 1):
                yield replace(config, seed=config.seed + more)


class SettledBlend(Estimator):
    """A blend whose weights, lines and sizes are known; it only has to be fitted to all rows."""

    def __init__(
        self,
        schema: Schema,
        config: BlendConfig,
        chosen: Sequence[tuple[Estimator, Platt, float]],
    ) -> None:
        super().__init__(schema, config)
        self.chosen = chosen

    def learn(self, matrix: Floats, bad: Floats, weight: Floats | None) -> Blend:
        """Return the blend with each member fitted to all rows."""
        members = tuple(
            Member(estimator.learn(matrix, bad, weight), line, share)
            for estimator, line, share in self.chosen
        )
        return Blend(self.schema, members)


def weights_of(
    log_odds: Sequence[Floats], bad: Floats, weight: Floats | None, *, additions: int
) -> list[float]:
    """Return each member's share: all that keep up, once each, and then greedy additions.

    `log_odds` are calibrated and of rows the members never saw. A member keeps up if its loss is
    not worse than the best one's by two standard errors of their difference. Beginning with the
    plain mean keeps a small sample from giving everything to who was lucky; the best stretch of
    the path is kept.
    """
    losses = [losses_at(one, bad) for one in log_odds]
    best = min(
        range(len(losses)), key=lambda member: float(np.average(losses[member], weights=weight))
    )
    picked = [
        member
        for member, own in enumerate(losses)
        if not is_worse(own, losses[best], weight, errors=_ERRORS_BEHIND)
    ]
    total = np.sum([log_odds[member] for member in picked], axis=0)
    path = [log_loss_at(total / len(picked), bad, weight)]
    start = len(picked)
    for _ in range(additions):
        tried = [log_loss_at((total + one) / (len(picked) + 1), bad, weight) for one in log_odds]
        picked.append(int(np.argmin(tried)))
        path.append(min(tried))
        total = total + log_odds[picked[-1]]
    length = start + int(np.argmin(path))
    counts = np.bincount(picked[:length], minlength=len(log_odds))
    return [float(count) / length for count in counts]


def inner_folds(bad: Floats, *, count: int, seed: int) -> Folds:
    """Return stratified folds of the training rows."""
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(bad)), bad))
