"""A sample cut into folds, the trials made on it, and the models these leave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sklearn import model_selection

from ml._disparity import HeldOut, Labels, Rows
from ml.estimator import FEWEST_OF_A_CLASS, checked_matrix, checked_outcomes
from ml.fairness import FairnessConfig
from ml.schema import Schema

Floats = npt.NDArray[np.float64]
Score = Callable[[Floats], Floats]

INCUMBENT = "incumbent"


class Fit(Protocol):
    """Learns from a part of the features and returns what scores rows of the same part."""

    def __call__(self, schema: Schema, matrix: Floats, bad: Floats, weight: Floats | None) -> Score:
        """Return a function of an encoded matrix to one score per row, higher being riskier."""
        ...


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """How wide and how long to search.

    `budget` is the number of candidates fitted, the incumbent included; each is fitted once per
    fold. The first of `approval_rates` guides the search. `reweighing` are strengths from 0
    (none) to 1 (full); () forbids it. A candidate whose equal scores keep it further than
    `largest_rate_gap` from an approval rate is recorded but not compared there.
    """

    approval_rates: tuple[float, ...] = (0.7,)
    folds: int = 5
    budget: int = 40
    most_features: int = 8
    most_groups: int = 4
    reweighing: tuple[float, ...] = (0.5, 1.0)
    largest_rate_gap: float = 0.02
    seed: int = 42
    fairness: FairnessConfig = field(default_factory=FairnessConfig)

    def __post_init__(self) -> None:
        """Refuse a search that cannot begin."""
        if not self.approval_rates or not all(0 < rate < 1 for rate in self.approval_rates):
            raise ValueError("A search needs approval rates between 0 and 1.")
        if not 2 <= self.folds <= FEWEST_OF_A_CLASS or self.budget < 1:
            raise ValueError(
                f"A search needs 2 to {FEWEST_OF_A_CLASS} folds and a budget of one candidate."
            )
        if not all(0 < strength <= 1 for strength in self.reweighing):
            raise ValueError("The strength of reweighing lies above 0 and is at most 1.")


def reweighed(bad: Floats, groups: Labels, *, strength: float = 1.0) -> Floats:
    """Return a weight per row under which outcome and group are independent.

    Their mean is 1 if both outcomes occur in every group:
    P(group) P(outcome) / P(group, outcome) of Kamiran and Calders (Knowledge and Information
    Systems 33, 2012); a strength below 1 goes that part of the way from equal weights.
    """
    _, group = np.unique(groups.astype(str), return_inverse=True)
    outcome = bad.astype(int)
    shares = np.zeros((group.max() + 1, 2))
    np.add.at(shares, (group, outcome), 1 / len(bad))
    independent = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    # A cell nobody is in has no row to weight, so its ratio is never read.
    weights = np.divide(independent, shares, out=np.ones_like(shares), where=shares > 0)
    full: Floats = weights[group, outcome]
    return 1 + strength * (full - 1)


@dataclass(frozen=True)
class Sample:
    """Checked arrays of one length and the (train, test) positions of every fold."""

    matrix: Floats
    bad: Floats
    groups: Labels
    schema: Schema
    folds: tuple[tuple[Rows, Rows], ...]
    config: SearchConfig


@dataclass(frozen=True)
class Trial:
    """How a candidate differs from the incumbent."""

    fit: str = INCUMBENT
    dropped: tuple[str, ...] = ()
    reweighing: float = 0.0

    @property
    def name(self) -> str:
        """Return the differences in words."""
        parts = [self.fit] if self.fit != INCUMBENT else []
        parts += [f"without {', '.join(self.dropped)}"] if self.dropped else []
        parts += [f"reweighed {self.reweighing:g}"] if self.reweighing else []
        return " + ".join(parts) or INCUMBENT


def checked(
    matrix: Floats, bad: Floats, groups: Labels, *, schema: Schema, config: SearchConfig
) -> Sample:
    """Return the sample with its folds; ValueError or TrainingRefused says why it cannot serve."""
    values, outcomes = checked_matrix(schema, matrix), checked_outcomes(bad)
    if not len(values) == len(outcomes) == len(groups):
        raise ValueError("Rows, outcomes and groups must be equally many.")
    names, sizes = np.unique(groups.astype(str), return_counts=True)
    if (sizes >= config.fairness.minimum_n).sum() < 2:
        found = [f"{size} of {name}" for name, size in zip(names, sizes, strict=True)]
        raise ValueError(
            f"Disparity needs two groups of at least {config.fairness.minimum_n} people;"
            f" there are {', '.join(found)}."
        )
    _refuse_protected(schema, values, groups)
    folds = model_selection.StratifiedKFold(config.folds, shuffle=True, random_state=config.seed)
    return Sample(values, outcomes, groups, schema, tuple(folds.split(values, outcomes)), config)


def _refuse_protected(schema: Schema, matrix: Floats, groups: Labels) -> None:
    names, group = np.unique(groups.astype(str), return_inverse=True)
    for position, feature in enumerate(schema.features):
        values, code = np.unique(matrix[:, position], return_inverse=True)
        alike = len(values) == len(names) == len(np.unique(np.column_stack([group, code]), axis=0))
        if alike or feature.sensitivity == "protected":
            raise ValueError(
                f"{feature.name} is the protected attribute itself: it may measure a model but"
                " never be a feature of one."
            )


def fitted(
    trial: Trial, sample: Sample, fits: Mapping[str, Fit]
) -> tuple[list[HeldOut], list[Score]]:
    """Return the scores of every fold by a model of the other folds, and those models."""
    kept = [at for at, name in enumerate(sample.schema.names) if name not in trial.dropped]
    part = replace(sample.schema, features=tuple(sample.schema.features[at] for at in kept))
    matrix = sample.matrix[:, kept]
    found, models = [], []
    for train, test in sample.folds:
        bad = sample.bad[train]
        weight = (
            reweighed(bad, sample.groups[train], strength=trial.reweighing)
            if trial.reweighing
            else None
        )
        score = fits[trial.fit](part, matrix[train], bad, weight)
        found.append(HeldOut(test, _scores(score, matrix[test])))
        models.append(score)
    return found, models


def _scores(score: Score, matrix: Floats) -> Floats:
    scores = np.asarray(score(matrix), dtype=np.float64)
    if scores.shape != (len(matrix),) or not np.isfinite(scores).all():
        raise ValueError("The model gave no finite score to some rows.")
    return scores


def shuffled_scores(
    part: tuple[str, ...], models: list[Score], sample: Sample, *, rng: np.random.Generator
) -> list[HeldOut]:
    """Return held-out scores after the values of `part` changed hands, together row by row."""
    columns = [sample.schema.names.index(name) for name in part]
    found = []
    for (_, test), score in zip(sample.folds, models, strict=True):
        matrix = sample.matrix[test]
        matrix[:, columns] = matrix[rng.permutation(len(test))][:, columns]
        found.append(HeldOut(test, _scores(score, matrix)))
    return found
