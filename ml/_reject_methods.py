"""Ways to give rejected applications an outcome, each with the assumption it stands on."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class RejectInferenceRefused(ValueError):
    """Nothing can be inferred about the rejected from this; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class _Method:
    """What all methods share: `folds` and `seed` of the accepted's own out-of-fold scores."""

    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.folds < 2 or self.seed < 0:
            raise RejectInferenceRefused("There must be at least two folds, and no negative seed.")


@dataclass(frozen=True, kw_only=True)
class _Scaled(_Method):
    """A method that scales what the accepted show by `factor`."""

    factor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (math.isfinite(self.factor) and self.factor > 0):
            raise RejectInferenceRefused("The factor must be a positive, finite number.")


@dataclass(frozen=True, kw_only=True)
class Parcelling(_Scaled):
    """Each rejected one is drawn good or bad at `factor` times the bad rate of its score band.

    Score bands are `bands` equal shares of all applications; a band's bad rate is the one that
    the accepted in it showed, or, with fewer than `fewest_accepted` of them, the model's.
    """

    bands: int = 10
    fewest_accepted: int = 20

    def __post_init__(self) -> None:
        """Refuse fewer than one band and a bad rate of nobody."""
        super().__post_init__()
        if self.bands < 1 or self.fewest_accepted < 1:
            raise RejectInferenceRefused("There must be at least one band and one accepted in it.")

    @property
    def assumption(self) -> str:
        """Return the sentence that goes with every result."""
        return (
            f"A rejected applicant would have gone bad {self.factor:g} times as often as the"
            " accepted of the same score band did; which of a band did is drawn by chance."
        )


@dataclass(frozen=True, kw_only=True)
class Fuzzy(_Scaled):
    """Each rejected one counts as partly bad and partly good, by `factor` times its PD."""

    @property
    def assumption(self) -> str:
        """Return the sentence that goes with every result."""
        return (
            f"A rejected applicant would have gone bad with {self.factor:g} times the probability"
            " that a model of the accepted alone gives; it counts in part as bad, in part as good."
        )


@dataclass(frozen=True, kw_only=True)
class HardCutOff(_Scaled):
    """The riskiest rejected are bad and the rest good, `factor` times as many as predicted."""

    @property
    def assumption(self) -> str:
        """Return the sentence that goes with every result."""
        return (
            f"The rejected would have gone bad {self.factor:g} times as often as a model of the"
            " accepted alone predicts, and those who would are exactly the riskiest by its score."
        )


@dataclass(frozen=True, kw_only=True)
class InverseAcceptance(_Method):
    """The accepted alone, each standing for all who look alike: weight 1 / chance of acceptance.

    Chances below `least_chance` count as that, which bounds the weights.
    """

    least_chance: float = 0.02

    def __post_init__(self) -> None:
        """Refuse a bound that is no probability."""
        super().__post_init__()
        if not 0 < self.least_chance < 1:
            raise RejectInferenceRefused("The least chance of acceptance lies between 0 and 1.")

    @property
    def assumption(self) -> str:
        """Return the sentence that goes with every result."""
        return (
            "Accepted and rejected applicants with the same features go bad equally often, and"
            f" every kind of applicant had at least a {self.least_chance:g} chance of acceptance."
        )


Method = Parcelling | Fuzzy | HardCutOff | InverseAcceptance


@dataclass(frozen=True)
class Parcel:
    """One score band: what the accepted in it did and what the rejected are taken to do."""

    lowest_pd: float
    highest_pd: float
    accepted: int
    accepted_bad_rate: float | None
    rejected: int
    assumed_bad_rate: float | None
    inferred_bads: int


@dataclass(frozen=True, eq=False)
class Scored:
    """The two groups as a model of the accepted sees them; the accepted out of fold."""

    accepted_pd: Floats
    accepted_bad: Floats
    rejected_pd: Floats


@dataclass(frozen=True, eq=False)
class Guess:
    """The share of bad in each rejected one (0, 1 or between), and what led to it."""

    share_bad: Floats
    capped: int
    parcels: tuple[Parcel, ...] = ()


def guess(method: Parcelling | Fuzzy | HardCutOff, scored: Scored) -> Guess:
    """Return what the method takes the rejected to be."""
    if isinstance(method, Parcelling):
        return _parcelled(method, scored)
    if isinstance(method, Fuzzy):
        raised = method.factor * scored.rejected_pd
        return Guess(np.minimum(raised, 1.0), int((raised > 1).sum()))
    return _cut(method, scored.rejected_pd)


def _cut(method: HardCutOff, pd: Floats) -> Guess:
    rate = method.factor * float(pd.mean())
    bads = round(min(rate, 1.0) * len(pd))
    share = np.zeros(len(pd))
    share[np.argsort(-pd, kind="stable")[:bads]] = 1.0
    return Guess(share, len(pd) if rate > 1 else 0)


def _parcelled(method: Parcelling, scored: Scored) -> Guess:
    everybody = np.concatenate([scored.accepted_pd, scored.rejected_pd])
    edges = np.unique(np.quantile(everybody, np.arange(1, method.bands) / method.bands))
    accepted_band = np.digitize(scored.accepted_pd, edges)
    rejected_band = np.digitize(scored.rejected_pd, edges)
    all_band = np.concatenate([accepted_band, rejected_band])
    rng = np.random.default_rng(method.seed)
    share, capped, parcels = np.zeros(len(rejected_band)), 0, []
    for band in np.unique(all_band):
        there = np.flatnonzero(rejected_band == band)
        outcomes = scored.accepted_bad[accepted_band == band]
        rate = _assumed(method, outcomes, scored.rejected_pd[there])
        bads = 0 if rate is None else _whole(min(rate, 1.0) * len(there), rng)
        share[rng.permutation(there)[:bads]] = 1.0
        capped += len(there) if rate is not None and rate > 1 else 0
        parcels.append(
            Parcel(
                lowest_pd=float(everybody[all_band == band].min()),
                highest_pd=float(everybody[all_band == band].max()),
                accepted=len(outcomes),
                accepted_bad_rate=float(outcomes.mean()) if len(outcomes) else None,
                rejected=len(there),
                assumed_bad_rate=None if rate is None else min(rate, 1.0),
                inferred_bads=bads,
            )
        )
    return Guess(share, capped, tuple(parcels))


def _assumed(method: Parcelling, outcomes: Floats, pd: Floats) -> float | None:
    """Return the rate for the rejected of a band before it is capped; None if there are none."""
    if not len(pd):
        return None
    enough = len(outcomes) >= method.fewest_accepted
    return method.factor * float(outcomes.mean() if enough else pd.mean())


def _whole(expected: float, rng: np.random.Generator) -> int:
    """Return a whole number whose mean is the expected one: the fraction is drawn."""
    return int(expected) + int(rng.random() < expected % 1)
