"""What the rejected would have done: a training set for all who come through the door.

A model of the accepted alone has never seen the people whom the old policy turned away. Every way
to fill the gap stands on an assumption that the data cannot check; it is a choice, so it is
configured, stated in words with the result, and never applied by default. Where the truth is
known (`ml.portfolio`) `ml.through_the_door` shows the error.

Methods: parcelling, fuzzy augmentation, hard cut-off, reweighting by the inverse chance of
acceptance. Source: Siddiqi, Intelligent Credit Scoring (2017); Crook and Banasik,
Does reject inference really improve the performance of application scoring models? (2004).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from sklearn import model_selection

from ml._reject_methods import (
    Fuzzy,
    Guess,
    HardCutOff,
    InverseAcceptance,
    Method,
    Parcel,
    Parcelling,
    RejectInferenceRefused,
    Scored,
    guess,
)

__all__ = [
    "Diagnostics",
    "Fuzzy",
    "HardCutOff",
    "Inferred",
    "InverseAcceptance",
    "Method",
    "Parcel",
    "Parcelling",
    "RejectInferenceRefused",
    "infer",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int_]
M = TypeVar("M")
Fit = Callable[[Floats, Floats, Floats], M]
Score = Callable[[M, Floats], Floats]


@dataclass(frozen=True)
class Diagnostics:
    """What was assumed about the rejected beside what is known of the accepted.

    `predicted_reject_bad_rate` is what a model of the accepted alone says of the rejected, that
    is, without any assumption of difference. `ratio` is inferred over accepted bad rate, None if
    no accepted one went bad. `capped` rejected ones would have got a probability above 1.
    `effective_rows` is (sum of weights)^2 / sum of squared weights.
    """

    method: str
    accepted: int
    rejected: int
    accepted_bad_rate: float
    predicted_reject_bad_rate: float
    inferred_reject_bad_rate: float
    through_the_door_bad_rate: float
    ratio: float | None
    capped: int
    effective_rows: float
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True, eq=False)
class Inferred:
    """A weighted training set. Weights are positive and sum to the number of all applications.

    `bad` is 1.0 or 0.0; `is_reject` marks rows whose outcome is assumed. `source` is each row's
    position among the accepted followed by the rejected, to take the same rows of a frame for
    `training.train(..., weight=weight, groups=groups)`.
    """

    matrix: Floats
    bad: Floats
    weight: Floats
    is_reject: Flags
    source: Positions
    assumption: str
    diagnostics: Diagnostics

    @property
    def groups(self) -> Positions:
        """Return which application each row is of: both halves of a rejected one are of the same.

        For `training.train(..., groups=groups)`, lest a model learns from one half of an
        application and is judged on the other.
        """
        return self.source


def infer(
    method: Method,
    *,
    accepted_matrix: Floats,
    accepted_bad: Floats,
    rejected_matrix: Floats,
    fit: Fit[M],
    score: Score[M],
) -> Inferred:
    """Return a training set in which the rejected have their say.

    `fit(matrix, bad, weight)` returns a model and `score(model, matrix)` the probability of its
    target, one per row. They are called on the accepted, in folds and whole, and, for the inverse
    chance of acceptance, also on everybody with acceptance as the target. RejectInferenceRefused
    says what is wrong with the data or with what `score` returned.
    """
    bad = _checked(accepted_matrix, accepted_bad, rejected_matrix, folds=method.folds)
    learner = _Learner(fit, score, folds=method.folds, seed=method.seed)
    model = learner.whole(accepted_matrix, bad)
    rejected_pd = learner.probability(model, rejected_matrix)
    if isinstance(method, InverseAcceptance):
        chance = _chance_of_acceptance(method, accepted_matrix, rejected_matrix, learner=learner)
        return _reweighted(method, accepted_matrix, bad, chance=chance, rejected_pd=rejected_pd)
    scored = Scored(learner.out_of_fold(accepted_matrix, bad), bad, rejected_pd)
    guessed = guess(method, scored)
    return _augmented(method, accepted_matrix, rejected_matrix, scored=scored, guessed=guessed)


class _Learner(Generic[M]):
    """The caller's two functions, checked, with folds that the seed alone decides."""

    def __init__(self, fit: Fit[M], score: Score[M], *, folds: int, seed: int) -> None:
        self._fit, self._score = fit, score
        self._folds = model_selection.StratifiedKFold(folds, shuffle=True, random_state=seed)

    def whole(self, matrix: Floats, target: Floats) -> M:
        """Return a model of all rows, equally weighted."""
        return self._fit(matrix, target, np.ones(len(target)))

    def probability(self, model: M, matrix: Floats) -> Floats:
        """Return the model's probabilities; refuse what is none."""
        found = np.asarray(self._score(model, matrix), dtype=np.float64)
        if found.shape != (len(matrix),):
            raise RejectInferenceRefused(
                f"The score of {len(matrix)} rows has the shape {found.shape}, not one each."
            )
        if not ((found >= 0) & (found <= 1)).all():
            raise RejectInferenceRefused("The score must be a probability from 0 to 1.")
        return found

    def out_of_fold(self, matrix: Floats, target: Floats) -> Floats:
        """Return probabilities by models that have not seen the row."""
        found = np.empty(len(target))
        for known, held_out in self._folds.split(matrix, target):
            model = self.whole(matrix[known], target[known])
            found[held_out] = self.probability(model, matrix[held_out])
        return found


def _augmented(
    method: Parcelling | Fuzzy | HardCutOff,
    accepted: Floats,
    rejected: Floats,
    *,
    scored: Scored,
    guessed: Guess,
) -> Inferred:
    """Return the accepted as they are and the rejected as guessed, split where need be."""
    share = guessed.share_bad
    as_bad, as_good = share > 0, share < 1
    bad = np.concatenate([scored.accepted_bad, np.ones(as_bad.sum()), np.zeros(as_good.sum())])
    weight = np.concatenate([np.ones(len(accepted)), share[as_bad], 1 - share[as_good]])
    return Inferred(
        matrix=np.concatenate([accepted, rejected[as_bad], rejected[as_good]]),
        bad=bad,
        weight=weight,
        is_reject=np.arange(len(bad)) >= len(accepted),
        source=np.concatenate(
            [
                np.arange(len(accepted)),
                len(accepted) + np.flatnonzero(as_bad),
                len(accepted) + np.flatnonzero(as_good),
            ]
        ),
        assumption=method.assumption,
        diagnostics=_diagnostics(
            method,
            accepted_bad=scored.accepted_bad,
            rejected_pd=scored.rejected_pd,
            inferred=float(share.mean()),
            weight=weight,
            capped=guessed.capped,
            parcels=guessed.parcels,
        ),
    )


def _reweighted(
    method: InverseAcceptance,
    accepted: Floats,
    bad: Floats,
    *,
    chance: Floats,
    rejected_pd: Floats,
) -> Inferred:
    """Return the accepted alone, weighted to stand for everybody.

    An accepted one stands for (1 - chance) / chance rejected ones beside itself; the rejected's
    bad rate is the mean outcome under those weights.
    """
    weight = 1 / chance
    weight *= (len(accepted) + len(rejected_pd)) / weight.sum()
    for_others = (1 - chance) / chance
    if not for_others.any():
        raise RejectInferenceRefused("Everybody accepted was sure to be; nobody stands for others.")
    inferred = float(np.average(bad, weights=for_others))
    return Inferred(
        matrix=accepted,
        bad=bad,
        weight=weight,
        is_reject=np.zeros(len(bad), dtype=bool),
        source=np.arange(len(bad)),
        assumption=method.assumption,
        diagnostics=_diagnostics(
            method,
            accepted_bad=bad,
            rejected_pd=rejected_pd,
            inferred=inferred,
            weight=weight,
        ),
    )


def _chance_of_acceptance(
    method: InverseAcceptance, accepted: Floats, rejected: Floats, *, learner: _Learner[M]
) -> Floats:
    target = np.concatenate([np.ones(len(accepted)), np.zeros(len(rejected))])
    found = learner.out_of_fold(np.concatenate([accepted, rejected]), target)
    return np.maximum(found[: len(accepted)], method.least_chance)


def _diagnostics(
    method: Method,
    *,
    accepted_bad: Floats,
    rejected_pd: Floats,
    inferred: float,
    weight: Floats,
    capped: int = 0,
    parcels: tuple[Parcel, ...] = (),
) -> Diagnostics:
    accepted, rejected = len(accepted_bad), len(rejected_pd)
    rate = float(accepted_bad.mean())
    return Diagnostics(
        method=type(method).__name__,
        accepted=accepted,
        rejected=rejected,
        accepted_bad_rate=rate,
        predicted_reject_bad_rate=float(rejected_pd.mean()),
        inferred_reject_bad_rate=inferred,
        through_the_door_bad_rate=(accepted * rate + rejected * inferred) / (accepted + rejected),
        ratio=inferred / rate if rate > 0 else None,
        capped=capped,
        effective_rows=float(weight.sum() ** 2 / np.square(weight).sum()),
        parcels=parcels,
    )


def _checked(accepted: Floats, bad: Floats, rejected: Floats, *, folds: int) -> Floats:
    """Return the outcomes as 0.0 and 1.0, or refuse what nothing can be inferred from."""
    outcomes = np.asarray(bad, dtype=np.float64)
    if accepted.ndim != 2 or rejected.ndim != 2 or accepted.shape[1] != rejected.shape[1]:
        raise RejectInferenceRefused("Accepted and rejected must be tables of the same columns.")
    if outcomes.shape != (len(accepted),) or not np.isin(outcomes, (0, 1)).all():
        raise RejectInferenceRefused("Every accepted row needs one outcome, 0 (good) or 1 (bad).")
    if not len(rejected):
        raise RejectInferenceRefused("Nobody was rejected, so there is nothing to infer.")
    bads = int(outcomes.sum())
    if min(bads, len(outcomes) - bads) < folds or len(rejected) < folds:
        raise RejectInferenceRefused(
            f"Each of {folds} folds needs a good, a bad and a rejected application; there are"
            f" {len(outcomes) - bads}, {bads} and {len(rejected)}."
        )
    return outcomes
