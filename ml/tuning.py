"""The size and the strength of a boosted model, searched for with a stated budget.

Optuna's tree-structured Parzen estimator (Bergstra and others 2011) proposes configurations; each
is judged by the log-loss of rows it never saw, after Platt's line, on the same folds for all. The
configuration the search starts from is trial 0, so the answer is never worse on those folds. A
proposal that does worse on the first fold than half of those before it is given up there.

Guarantees: a search limited by trials alone is the same for the same rows, configuration, seed and
libraries; directions, seed and whatever else is not in the space stay as they were; nothing is
written anywhere. The best of many trials is flattered by chance: judge the model that follows on
rows the search has not seen, as `training.train` does with dates.

`presets.CHAMPION` chooses among a few sizes without a search; tuning is for whoever wants the last
thousandth and has the minutes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ml import blend, calibration
from ml._growing import Sample
from ml.boosting import BoostingConfig, BoostingEstimator
from ml.calibration import NoSignal
from ml.estimator import (
    CrossFit,
    Floats,
    Folds,
    TrainingRefused,
    checked_matrix,
    checked_outcomes,
    checked_weight,
    log_loss_at,
)
from ml.schema import Schema

if TYPE_CHECKING:
    import optuna

__all__ = ["SPACE", "Range", "Trial", "Tuned", "TuningConfig", "tune"]

_TUNABLE = (
    "num_leaves",
    "min_child_samples",
    "l2",
    "path_smooth",
    "feature_fraction",
    "bagging_fraction",
    "one_against_rest",
    "prior_weight",
    "learning_rate",
)
_SEARCHED_BEFORE_GIVING_UP = 5


@dataclass(frozen=True)
class Range:
    """The values a parameter may take, both ends included; `log` searches by ratio."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        """Refuse a range that is none."""
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError(f"There is no range from {self.low:g} to {self.high:g} to search.")


SPACE: Mapping[str, Range] = MappingProxyType(
    {
        "num_leaves": Range(4, 64, log=True),
        "min_child_samples": Range(5, 200, log=True),
        "l2": Range(0.1, 100, log=True),
        "path_smooth": Range(0, 50),
        "feature_fraction": Range(0.2, 1),
        "bagging_fraction": Range(0.5, 1),
        "learning_rate": Range(0.02, 0.1, log=True),
    }
)


@dataclass(frozen=True, kw_only=True)
class TuningConfig:
    """The budget and where to look.

    `trials` counts configurations, the starting one included. `seconds`, counted after that one,
    end the search with the trial during which they ran out; with them two searches may differ, so
    leave them None where the result must be repeatable. `space` is by the names of
    `BoostingConfig`. `give_up_early` lets the first fold decide whether the others are worth it.
    """

    trials: int = 40
    seconds: float | None = None
    folds: int = 5
    seed: int = 42
    space: Mapping[str, Range] = field(default_factory=lambda: SPACE)
    give_up_early: bool = True

    def __post_init__(self) -> None:
        """Refuse a search without budget, folds or anything to search."""
        for name, fits in (
            ("trials", self.trials >= 1),
            ("seconds", self.seconds is None or self.seconds > 0),
            ("folds", self.folds >= 2),
        ):
            if not fits:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}.")
        strange = sorted(set(self.space) - set(_TUNABLE))
        if strange or not self.space:
            raise ValueError(
                f"A search needs parameters among {', '.join(_TUNABLE)};"
                f" it was given {', '.join(strange) or 'none'}."
            )
        for name, limits in self.space.items():
            replace(BoostingConfig(), **_ends(name, limits.low))
            replace(BoostingConfig(), **_ends(name, limits.high))


@dataclass(frozen=True)
class Trial:
    """One configuration that was tried.

    `parameters` are those of the space. `log_loss` is out of fold and calibrated, `trees` the
    number found; both are None where the trial was given up, or did not order the outcomes.
    """

    parameters: Mapping[str, float]
    log_loss: float | None
    trees: int | None


@dataclass(frozen=True)
class Tuned:
    """The best configuration found, and everything that was tried; trial 0 is the start.

    `config` finds its number of trees anew unless the start fixed it. `spent` counts trials.
    """

    config: BoostingConfig
    trials: tuple[Trial, ...]
    best: int
    stopped_because: Literal["trials", "seconds"]

    @property
    def spent(self) -> int:
        """Return how many configurations were tried, the starting one included."""
        return len(self.trials)

    @property
    def gain(self) -> float | None:
        """Return by how much the log-loss fell from the start's; None if that had none."""
        first, best = self.trials[0].log_loss, self.trials[self.best].log_loss
        return None if first is None or best is None else first - best

    def to_dict(self) -> dict[str, Any]:
        """Return the search as JSON values."""
        return {
            "config": {"kind": self.config.kind, **self.config.to_dict()},
            "trials": [
                {"parameters": dict(one.parameters), "log_loss": one.log_loss, "trees": one.trees}
                for one in self.trials
            ],
            "best": self.best,
            "spent": self.spent,
            "stopped_because": self.stopped_because,
        }


def tune(
    schema: Schema,
    matrix: Floats,
    bad: Floats,
    *,
    start: BoostingConfig | None = None,
    config: TuningConfig | None = None,
    weight: Floats | None = None,
) -> Tuned:
    """Return the configuration that predicts unseen rows best, within the budget.

    `matrix` is that of `Schema.encode`. Raises TrainingRefused for data that carry no model, and
    where nothing that was tried orders the outcomes.
    """
    config, start = config or TuningConfig(), start or BoostingConfig()
    sample = _checked(schema, matrix, bad, weight)
    trials = _Search(schema, sample, start, config).run()
    found = [(one.log_loss, at) for at, one in enumerate(trials) if one.log_loss is not None]
    if not found:
        raise TrainingRefused("No configuration that was tried orders the outcomes.")
    _, best = min(found)
    return Tuned(
        config=start if best == 0 else _changed(start, trials[best].parameters),
        trials=tuple(trials),
        best=best,
        stopped_because="trials" if len(trials) == config.trials else "seconds",
    )


def _checked(schema: Schema, matrix: Floats, bad: Floats, weight: Floats | None) -> Sample:
    checked, outcomes = checked_matrix(schema, matrix), checked_outcomes(bad)
    rows = len(checked)
    if len(outcomes) != rows:
        raise TrainingRefused(f"There are {rows} rows but {len(outcomes)} outcomes.")
    return Sample(checked, outcomes, checked_weight(weight, rows))


def _changed(start: BoostingConfig, parameters: Mapping[str, Any]) -> BoostingConfig:
    return replace(start, **parameters)


class _Search:
    """Rows, folds and what has been tried on them."""

    def __init__(
        self, schema: Schema, sample: Sample, start: BoostingConfig, config: TuningConfig
    ) -> None:
        self._schema, self._sample = schema, sample
        self._start, self._config = start, config
        self._folds = blend.inner_folds(sample.bad, count=config.folds, seed=config.seed)
        self._trials: list[Trial] = []

    def run(self) -> list[Trial]:
        """Return the trials of the whole budget, the start first."""
        # Optuna takes a second to import, and scoring must not wait for it.
        import optuna  # noqa: PLC0415

        first = self._first_loss(self._start)
        begun = self._tried(self._start)
        self._trials.append(begun)
        with _silent(optuna):
            study = optuna.create_study(
                sampler=optuna.samplers.TPESampler(seed=self._config.seed),
                pruner=optuna.pruners.MedianPruner(n_startup_trials=_SEARCHED_BEFORE_GIVING_UP),
            )
            self._tell(study, begun, first)
            if self._config.trials > 1:
                study.optimize(
                    self._objective,
                    n_trials=self._config.trials - 1,
                    timeout=self._config.seconds,
                )
        return self._trials

    def _objective(self, trial: "optuna.Trial") -> float:
        import optuna  # noqa: PLC0415 - loaded already by `run`

        parameters = {name: self._proposed(trial, name) for name in self._config.space}
        proposal = _changed(self._start, parameters)
        found = Trial(parameters, None, None)
        if not self._is_given_up(trial, proposal):
            found = self._tried(proposal)
        self._trials.append(found)
        if found.log_loss is None:
            raise optuna.TrialPruned
        return found.log_loss

    def _is_given_up(self, trial: "optuna.Trial", proposal: BoostingConfig) -> bool:
        first = self._first_loss(proposal)
        if first is None:
            return False
        trial.report(first, step=0)
        return trial.should_prune()

    def _proposed(self, trial: "optuna.Trial", name: str) -> float:
        limits = self._config.space[name]
        if _is_whole(name):
            return trial.suggest_int(name, int(limits.low), int(limits.high), log=limits.log)
        return trial.suggest_float(name, limits.low, limits.high, log=limits.log)

    def _tell(self, study: "optuna.Study", begun: Trial, first: float | None) -> None:
        """Let the sampler learn from the start where it lies in the space."""
        import optuna  # noqa: PLC0415 - loaded already by `run`

        inside = all(
            limits.low <= begun.parameters[name] <= limits.high
            for name, limits in self._config.space.items()
        )
        if begun.log_loss is None or not inside:
            return
        study.add_trial(
            optuna.trial.create_trial(
                params=dict(begun.parameters),
                distributions={name: self._distribution(name) for name in self._config.space},
                value=begun.log_loss,
                intermediate_values={} if first is None else {0: first},
            )
        )

    def _distribution(self, name: str) -> "optuna.distributions.BaseDistribution":
        import optuna  # noqa: PLC0415 - loaded already by `run`

        limits = self._config.space[name]
        if _is_whole(name):
            whole = optuna.distributions.IntDistribution
            return whole(int(limits.low), int(limits.high), log=limits.log)
        return optuna.distributions.FloatDistribution(limits.low, limits.high, log=limits.log)

    def _first_loss(self, proposal: BoostingConfig) -> float | None:
        """Return the log-loss of the first fold alone; None where giving up is not asked for."""
        if not self._config.give_up_early:
            return None
        found = self._cross_fit(proposal, self._folds[:1])
        return self._loss(found, self._folds[:1])

    def _tried(self, proposal: BoostingConfig) -> Trial:
        found = self._cross_fit(proposal, self._folds)
        loss = self._loss(found, self._folds)
        trees = None if loss is None else found.estimator.config.trees
        parameters = {name: getattr(proposal, name) for name in self._config.space}
        return Trial(parameters, loss, trees)

    def _cross_fit(self, proposal: BoostingConfig, folds: Folds) -> CrossFit:
        estimator, rows = BoostingEstimator(self._schema, proposal), self._sample
        return estimator.cross_fit(rows.matrix, rows.bad, rows.weight, folds)

    def _loss(self, found: CrossFit, folds: Folds) -> float | None:
        """Return the calibrated log-loss of the unseen rows; None if they are not ordered."""
        unseen = np.concatenate([outer for _, outer in folds])
        judged, margins = self._sample.part(unseen), found.margins[unseen]
        try:
            line = calibration.fit_platt(margins, judged.bad, judged.weight)
        except NoSignal:
            return None
        return log_loss_at(line.log_odds_of(margins), judged.bad, judged.weight)


def _is_whole(name: str) -> bool:
    return isinstance(getattr(BoostingConfig(), name), int)


def _ends(name: str, value: float) -> dict[str, Any]:
    """Return an end of a range as a parameter; ValueError for half a leaf."""
    if _is_whole(name) and value != int(value):
        raise ValueError(f"{name} counts in whole numbers, so its range cannot end at {value:g}.")
    return {name: int(value) if _is_whole(name) else value}


@contextmanager
def _silent(optuna: Any) -> Iterator[None]:
    """Keep Optuna from telling every trial, and leave its logger as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
