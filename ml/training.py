"""A frame and its outcomes in, a calibrated model with its evidence out: `train`, for every set.

Guarantees: the same rows, configuration and libraries give the same model text; a feature with a
declared direction never works the other way (where the configuration is monotone); the
probabilities are calibrated on margins of rows the model never saw, and the reported figures are
of the same rows; where dates exist the newest rows are held out and reported on; classes are never
reweighted without setting the level back; a feature that knows the outcome stops the run.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import baseline, calibrating, calibration, leakage, metrics, models, reference, splitting
from ml._training_rows import Rows, check_order, hash_of, read, refusing
from ml.boosting import BoostingConfig
from ml.calibrating import Choice, Method
from ml.calibration import Calibration, NoSignal
from ml.estimator import (
    FEWEST_OF_A_CLASS,
    FEWEST_ROWS,
    CrossFit,
    Fitted,
    Floats,
    TrainingRefused,
    checked_outcomes,
)
from ml.families import Config
from ml.leakage import LeakageConfig
from ml.reference import Reference
from ml.scaling import Scale
from ml.schema import Schema
from ml.splitting import Column, FoldConfig, SplitConfig

__all__ = [
    "FEWEST_OF_A_CLASS",
    "FEWEST_ROWS",
    "TrainedModel",
    "TrainingConfig",
    "TrainingRefused",
    "train",
]

_AT_LEAST_TWO = 2
_ERRORS_BEYOND_CHANCE = 3.0
_FOR_STUDY = "it may serve comparison, never a decision about a person."
_SWAPPED = "Most features point against their direction: are good and bad swapped?"


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Which model to train, and how its level and its figures are found.

    `model` is the configuration of any family, of a choice among them, or of their blend.
    `folds` serve calibration, sizes and figures alike. `split` says which rows are the newest.
    """

    model: Config = field(default_factory=BoostingConfig)
    folds: int = 5
    calibration: Method = "auto"
    split: SplitConfig = field(default_factory=SplitConfig)
    leakage: LeakageConfig = field(default_factory=LeakageConfig)
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse numbers that make no training run."""
        for name, fits in (
            ("model", hasattr(self.model, "kind") and not isinstance(self.model, type)),
            ("folds", self.folds >= _AT_LEAST_TWO),
            ("calibration", self.calibration in ("auto", *calibrating.METHODS)),
        ):
            if not fits:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return {
            "model": {"kind": self.model.kind, **self.model.to_dict()},
            "folds": self.folds,
            "calibration": self.calibration,
            "split": _jsonable(asdict(self.split)),
            "leakage": _jsonable(asdict(self.leakage)),
            "seed": self.seed,
        }


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """Everything a training run found; `artefact.pack` makes it storable.

    `metrics` are out of fold: no tree or coefficient saw the row it judges. The number of trees,
    the shares of a blend, the choice and the calibration were settled on the very same rows, so
    they flatter a little, the more the more was tried; level figures (bands, calibration error)
    are those of the calibration's own rows. `out_of_time` are the figures of the newest rows,
    which no part of the run has seen, None where no dates were given. `warnings` are sentences
    for a person. `reference` tells whom a refused applicant is compared with, at any cut-off.
    """

    model: Fitted
    calibration: Calibration
    choice: Choice
    scale: Scale
    config: TrainingConfig
    rows: int
    bad_rate: float
    data_sha256: str
    unseen: dict[str, int]
    metrics: dict[str, Any]
    out_of_time: dict[str, Any] | None
    leakage: dict[str, Any]
    warnings: tuple[str, ...]
    baseline: dict[str, Any]
    reference: Reference

    @property
    def schema(self) -> Schema:
        """Return the contract the model was trained on."""
        return self.model.schema


@dataclass(frozen=True, eq=False)
class _Later:
    """The newest rows, which only judge, and how they were parted from those that learn."""

    data: Rows
    split: dict[str, Any]


def train(
    frame: pd.DataFrame,
    target: Sequence[int] | npt.NDArray[Any] | pd.Series,
    *,
    schema: Schema,
    config: TrainingConfig | None = None,
    scale: Scale | None = None,
    dates: Column | None = None,
    weight: Floats | None = None,
    groups: Column | None = None,
    accepted: Mapping[str, str] | None = None,
) -> TrainedModel:
    """Return a calibrated model of `target` (1 = bad) on exactly the schema's columns.

    Series belong to rows by position; an index in another order is refused. With `dates` the
    newest share of the rows is held out and only reported on. `weight` counts rows more or less,
    in the model, its level and its figures; the search for leaks counts every row once. Rows of
    one of `groups` are never on both sides of a fold or of the held-out part; what a single model
    divides within itself knows no groups. `accepted` names features that may look like the outcome,
    with the reason. Raises SchemaViolation for a frame that does not fit, TrainingRefused for too
    few rows, one class, or no signal, LeakageFound, and TypeError for no Schema.
    """
    config, scale = config or TrainingConfig(), scale or Scale()
    encoded = _checked_schema(schema).encode(frame)
    check_order(frame, outcomes=target, dates=dates, weights=weight, groups=groups)
    everything = read(encoded.matrix, target, weight, groups)
    data, later = _newest_apart(everything, dates, config.split)
    report = leakage.check(schema, data.matrix, data.bad, config=config.leakage, accepted=accepted)
    found = _cross_fitted(data, schema, config)
    choice = _calibrated(found.margins, data, schema, config)
    model = found.estimator.learn(data.matrix, data.bad, data.weight)
    log_odds = choice.calibration.finals(choice.calibration.line.log_odds_of(found.margins))
    out_of_time, warnings = _judged(model, choice.calibration, later)
    return TrainedModel(
        model=model,
        calibration=choice.calibration,
        choice=choice,
        scale=scale,
        config=config,
        rows=len(data.bad),
        bad_rate=float(np.average(data.bad, weights=data.weight)),
        data_sha256=hash_of(everything),
        unseen=encoded.unseen,
        metrics=_out_of_fold(log_odds, data),
        out_of_time=out_of_time,
        leakage=report.to_dict(),
        warnings=(*(one.sentence for one in report.checks), *warnings, *_cautions(schema, data)),
        baseline=baseline.of_sample(schema, data.matrix, scale.scores_at(log_odds)),
        reference=_reference(model, choice.calibration, data),
    )


def _reference(model: Fitted, calibration: Calibration, data: Rows) -> Reference:
    risk = calibration.probability_of(model.margins(data.matrix))
    return reference.of_sample(model.schema, data.matrix, risk)


def _out_of_fold(log_odds: Floats, data: Rows) -> dict[str, Any]:
    risk = calibration.probability(log_odds)
    return {"sample": "out_of_fold", **figures(risk, data.bad, data.weight)}


def figures(pd: Floats, bad: Floats, weight: Floats | None = None) -> dict[str, Any]:
    """Return the figures of probabilities and outcomes that travel with a model, as JSON values.

    With weights `weight` is their sum, whole and by band, and all but the counts of rows are
    weighted by them; without, there is no such key.
    """
    bands = [asdict(band) for band in metrics.calibration_by_band(pd, bad, weight)]
    if weight is None:
        for band in bands:
            del band["weight"]
    return {
        "rows": len(bad),
        **({} if weight is None else {"weight": float(weight.sum())}),
        "bad_rate": float(np.average(bad, weights=weight)),
        "auc": metrics.auc(pd, bad, weight),
        "gini": metrics.gini(pd, bad, weight),
        "ks": metrics.ks(pd, bad, weight),
        "brier": metrics.brier(pd, bad, weight),
        "brier_skill": metrics.brier_skill(pd, bad, weight),
        "log_loss": metrics.log_loss(pd, bad, weight),
        "expected_calibration_error": metrics.expected_calibration_error(pd, bad, weight),
        "bands": bands,
    }


def _checked_schema(schema: Schema) -> Schema:
    if not isinstance(schema, Schema):
        raise TypeError(
            f"A model is trained on a Schema, not on {type(schema).__name__};"
            " what `inference.infer_schema` returns has it as `.schema`."
        )
    return schema


def _cross_fitted(data: Rows, schema: Schema, config: TrainingConfig) -> CrossFit:
    with refusing():
        by = FoldConfig(folds=config.folds, seed=config.seed)
        folds = list(splitting.folds(data.bad, groups=data.groups, config=by))
    untrained = models.estimator(schema, config.model)
    return untrained.cross_fit(data.matrix, data.bad, data.weight, folds)


def _newest_apart(
    data: Rows, dates: Column | None, config: SplitConfig
) -> tuple[Rows, _Later | None]:
    """Return the older rows, and the newest apart; TrainingRefused where that cannot be done.

    Without dates nothing is set apart.
    """
    if dates is None:
        return data, None
    with refusing():
        split = splitting.split(data.bad, dates=dates, groups=data.groups, config=config)
    older = data.part(split.train)
    checked_outcomes(older.bad)
    return older, _Later(data.part(split.test), split.to_dict())


def _calibrated(margins: Floats, data: Rows, schema: Schema, config: TrainingConfig) -> Choice:
    try:
        with refusing():
            return calibrating.choose(
                margins,
                data.bad,
                weight=data.weight,
                groups=data.groups,
                method=config.calibration,
                seed=config.seed,
            )
    except NoSignal as error:
        if margins[data.bad == 0].max() < margins[data.bad == 1].min():
            raise TrainingRefused(
                "The features separate good from bad perfectly, so one of them probably knows the"
                " outcome; no probability between 0 and 1 can be learned."
            ) from error
        why = ("The features do not order the outcomes.", str(error), *_swapped(schema, data))
        raise TrainingRefused(" ".join(why)) from error


def _cautions(schema: Schema, data: Rows) -> tuple[str, ...]:
    """Return what a person should know of the features before the model decides anything."""
    swapped = _swapped(schema, data)
    if not schema.protected:
        return swapped
    used = f"The model uses what is protected ({', '.join(schema.protected)}); {_FOR_STUDY}"
    return (*swapped, used)


def _swapped(schema: Schema, data: Rows) -> tuple[str, ...]:
    """Return a warning if most features with a direction order the outcomes against it.

    A feature counts where its AUC is further from one half than chance explains.
    """
    against, along = 0, 0
    for position, feature in enumerate(schema.features):
        column = data.matrix[:, position]
        given = ~np.isnan(column)
        if not feature.direction or not 0 < data.bad[given].sum() < given.sum():
            continue
        area = metrics.auc(column[given], data.bad[given]) or 0.0
        strength = (area - 0.5) * feature.direction / _chance_error(data.bad[given])
        against += strength < -_ERRORS_BEYOND_CHANCE
        along += strength > _ERRORS_BEYOND_CHANCE
    return (_SWAPPED,) if against > along else ()


def _chance_error(bad: Floats) -> float:
    """Return the standard error of the AUC of a feature that says nothing (Mann and Whitney)."""
    bads = float(bad.sum())
    return math.sqrt((len(bad) + 1) / (12 * bads * (len(bad) - bads)))


def _judged(
    model: Fitted, chosen: Calibration, later: _Later | None
) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return the figures of the newest rows, and a warning where they order the other way."""
    if later is None:
        return None, ()
    newest = later.data
    pd = chosen.probability_of(model.margins(newest.matrix))
    warning = leakage.reversed_labels_warning(pd, newest.bad)
    measured = figures(pd, newest.bad, newest.weight)
    found = {"sample": "out_of_time", "split": later.split, **measured}
    return found, () if warning is None else (warning,)


def _jsonable(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with dates as ISO text."""
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key, value in values.items()
    }
