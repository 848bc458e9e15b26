"""Is there a model that treats groups more equally and predicts nearly as well?

`search` is the search for less discriminatory alternatives: a seeded sweep over what a model may
see (features and reason groups with the largest part in the disparity are left out), over how it
is fitted (variants the caller gives, such as stronger regularisation or more constraints) and
over the weights it learns with (Kamiran and Calders, 2012). Every candidate is judged on held-out
folds, each with the cut-off that approves the same share of people, so no candidate looks fair by
approving everybody. The answer is the frontier of AUC against the four-fifths ratio.

The protected attribute measures and, in reweighing, weights the rows of the training sample. It
is never a feature: a column that tells the groups apart one to one is refused. Where even weights
must not know it, configure no reweighing. The best of many candidates is flattered by chance;
confirm a choice with another seed or on people the search has not seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, product
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import _disparity, fairness, models
from ml._disparity import AtRate, HeldOut
from ml._trials import (
    INCUMBENT,
    Fit,
    Sample,
    Score,
    SearchConfig,
    Trial,
    checked,
    fitted,
    reweighed,
    shuffled_scores,
)
from ml.estimator import Estimator
from ml.families import Config
from ml.schema import Schema

Floats = npt.NDArray[np.float64]

__all__ = [
    "INCUMBENT",
    "AtRate",
    "Candidate",
    "Contribution",
    "Fit",
    "Score",
    "SearchConfig",
    "SearchResult",
    "of_config",
    "of_estimator",
    "reweighed",
    "search",
]


@dataclass(frozen=True)
class Contribution:
    """What shuffling a feature, or all of a reason group, does to the incumbent.

    `ratio_gain` is the change of the four-fifths ratio (above 0: it makes groups unequal),
    `auc_loss` what the ranking loses.
    """

    name: str
    features: tuple[str, ...]
    ratio_gain: float
    auc_loss: float


@dataclass(frozen=True)
class Candidate:
    """One model that was tried: how it differs from the incumbent and how it did.

    `auc` is the mean over folds, `auc_change` that against the incumbent with the standard error
    of the paired folds. All are None for a candidate that could not be fitted; `refusal` says why.
    """

    name: str
    fit: str
    dropped: tuple[str, ...]
    reweighing: float
    auc: float | None = None
    auc_change: float | None = None
    auc_change_error: float | None = None
    at: tuple[AtRate, ...] = ()
    refusal: str | None = None

    @property
    def is_incumbent(self) -> bool:
        """Say whether this is the model the others are alternatives to."""
        return self.name == INCUMBENT

    def at_rate(self, approval_rate: float) -> AtRate:
        """Return the outcome at one of the approval rates searched; KeyError for another."""
        return {found.approval_rate: found for found in self.at}[approval_rate]


@dataclass(frozen=True)
class SearchResult:
    """Every candidate in the order tried, the incumbent first, and what drives its disparity."""

    candidates: tuple[Candidate, ...]
    contributions: tuple[Contribution, ...]
    config: SearchConfig

    @property
    def incumbent(self) -> Candidate:
        """Return the model the others are alternatives to."""
        return self.candidates[0]

    def frontier(self, approval_rate: float | None = None) -> tuple[Candidate, ...]:
        """Return the candidates no other beats in both AUC and ratio, best AUC first.

        Without an approval rate, at the first of the configuration.
        """
        rate = self.config.approval_rates[0] if approval_rate is None else approval_rate
        found: list[Candidate] = []
        best = -np.inf
        compared = sorted(self._compared(rate), key=lambda row: (-row[0], -row[1]))
        for _, ratio, candidate in compared:
            if ratio > best:
                found.append(candidate)
                best = ratio
        return tuple(found)

    def best(
        self, *, largest_auc_loss: float = 0.01, approval_rate: float | None = None
    ) -> Candidate:
        """Return the fairest candidate within an AUC loss; the incumbent if none is fairer."""
        floor = (self.incumbent.auc or 0.0) - largest_auc_loss
        near = [found for found in self.frontier(approval_rate) if (found.auc or 0.0) >= floor]
        return near[-1] if near else self.incumbent

    def to_dict(self) -> dict[str, Any]:
        """Return the search as JSON values, with the names on the frontier of every rate."""
        frontiers = {
            f"{rate:g}": [found.name for found in self.frontier(rate)]
            for rate in self.config.approval_rates
        }
        return {**asdict(self), "frontiers": frontiers}

    def _compared(self, rate: float) -> Iterator[tuple[float, float, Candidate]]:
        for candidate in self.candidates:
            if candidate.auc is None:
                continue
            found = candidate.at_rate(rate)
            near = abs(found.reached - rate) <= self.config.largest_rate_gap
            if near and found.ratio is not None:
                yield candidate.auc, found.ratio, candidate


_DEFAULTS = SearchConfig()


def of_config(config: Config) -> Fit:
    """Return how to fit what a configuration of `ml.families`, a choice or a blend asks for."""

    def fit(schema: Schema, matrix: Floats, bad: Floats, weight: Floats | None) -> Score:
        return models.estimator(schema, config).fit(matrix, bad, weight).decision_function

    return fit


def of_estimator(kind: type[Estimator], config: Any = None) -> Fit:
    """Return how to fit an estimator of that class and configuration."""

    def fit(schema: Schema, matrix: Floats, bad: Floats, weight: Floats | None) -> Score:
        return kind(schema, config).fit(matrix, bad, weight).decision_function

    return fit


def search(
    matrix: Floats,
    bad: Floats,
    groups: Sequence[object] | npt.NDArray[Any],
    schema: Schema,
    *,
    fit: Fit,
    variants: Mapping[str, Fit] | None = None,
    config: SearchConfig = _DEFAULTS,
) -> SearchResult:
    """Return all candidates tried against the incumbent, which `fit` makes of all features.

    `matrix` is encoded by the schema; `groups` is the protected attribute, one value per row,
    None where not stated. `variants` are other ways to fit, by name. The same arguments give the
    same result if the fits are deterministic. A candidate that raises ValueError is recorded as
    refused; an incumbent that does so ends the search with that error. ValueError if fewer than
    two groups have enough people, or a feature is the protected attribute itself.
    """
    if variants is not None and INCUMBENT in variants:
        raise ValueError(f"A variant needs another name than {INCUMBENT}.")
    sample = checked(matrix, bad, fairness.labels(groups), schema=schema, config=config)
    fits = {INCUMBENT: fit, **(variants or {})}
    held_out, models = fitted(Trial(), sample, fits)
    incumbent = _candidate(Trial(), held_out, sample)
    contributions = _contributions(held_out, models, sample)
    found = [incumbent]
    for trial in _planned(fits, contributions, sample):
        try:
            tried, _ = fitted(trial, sample, fits)
        except ValueError as error:
            found.append(_refused(trial, str(error)))
        else:
            found.append(_candidate(trial, tried, sample, against=held_out))
    return SearchResult(tuple(found), contributions, config)


def _candidate(
    trial: Trial, held_out: list[HeldOut], sample: Sample, against: list[HeldOut] | None = None
) -> Candidate:
    areas = _disparity.mean_auc(held_out, sample.bad)
    changes = None if against is None else areas - _disparity.mean_auc(against, sample.bad)
    return Candidate(
        name=trial.name,
        fit=trial.fit,
        dropped=trial.dropped,
        reweighing=trial.reweighing,
        auc=float(areas.mean()),
        auc_change=None if changes is None else float(changes.mean()),
        auc_change_error=None
        if changes is None
        else float(changes.std(ddof=1) / np.sqrt(len(changes))),
        at=tuple(_at_rate(held_out, sample, rate) for rate in sample.config.approval_rates),
    )


def _at_rate(held_out: list[HeldOut], sample: Sample, rate: float) -> AtRate:
    return _disparity.at_rate(
        held_out, sample.bad, sample.groups, approval_rate=rate, config=sample.config.fairness
    )


def _refused(trial: Trial, why: str) -> Candidate:
    return Candidate(trial.name, trial.fit, trial.dropped, trial.reweighing, refusal=why)


def _contributions(
    held_out: list[HeldOut], models: list[Score], sample: Sample
) -> tuple[Contribution, ...]:
    """Return features and reason groups by what shuffling them changes, the unfairest first.

    Nothing is fitted anew: the models of the incumbent score held-out rows in which the values
    have changed hands, so that they no longer depend on the group.
    """
    by_group: dict[str, tuple[str, ...]] = {}
    for feature in sample.schema.features:
        by_group[feature.group] = (*by_group.get(feature.group, ()), feature.name)
    asked: list[tuple[str, tuple[str, ...]]] = [(name, (name,)) for name in sample.schema.names]
    asked += [(f"group {name}", part) for name, part in by_group.items() if len(part) > 1]
    before = _at_rate(held_out, sample, sample.config.approval_rates[0]).ratio
    auc = float(_disparity.mean_auc(held_out, sample.bad).mean())
    found = []
    for number, (name, part) in enumerate(asked):
        rng = np.random.default_rng([sample.config.seed, number])
        shuffled = shuffled_scores(part, models, sample, rng=rng)
        after = _at_rate(shuffled, sample, sample.config.approval_rates[0]).ratio
        gain = 0.0 if before is None or after is None else after - before
        loss = auc - float(_disparity.mean_auc(shuffled, sample.bad).mean())
        found.append(Contribution(name, part, gain, loss))
    return tuple(sorted(found, key=lambda one: (-one.ratio_gain, one.name)))


def _planned(
    fits: Mapping[str, Fit], contributions: tuple[Contribution, ...], sample: Sample
) -> list[Trial]:
    """Return what to try within the budget: one change at a time, then combinations by lot."""
    config = sample.config
    drops = _drops(contributions, sample)
    strengths = (0.0, *config.reweighing)
    single = [
        *(Trial(fit=name) for name in fits),
        *(Trial(reweighing=strength) for strength in strengths),
        *(Trial(dropped=dropped) for dropped in drops),
    ]
    combined = [Trial(*parts) for parts in product(fits, ((), *drops), strengths)]
    order = np.random.default_rng([config.seed, len(combined)]).permutation(len(combined))
    planned = dict.fromkeys((*single, *(combined[at] for at in order.tolist())))
    planned.pop(Trial(), None)
    return list(planned)[: config.budget - 1]


def _drops(contributions: tuple[Contribution, ...], sample: Sample) -> list[tuple[str, ...]]:
    """Return feature sets to leave out, in the order of the schema, never all features."""
    unfair = [one for one in contributions if one.ratio_gain > 0]
    features = [one.features for one in unfair if len(one.features) == 1]
    features = features[: sample.config.most_features]
    groups = [one.features for one in unfair if len(one.features) > 1]
    together = [tuple(chain(*features[:size])) for size in range(2, len(features) + 1)]
    found = (*features, *groups[: sample.config.most_groups], *together)
    ordered = [tuple(name for name in sample.schema.names if name in part) for part in found]
    return [part for part in dict.fromkeys(ordered) if len(part) < len(sample.schema.names)]
