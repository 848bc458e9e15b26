"""A frame and its outcomes in, a calibrated model with monotone constraints out.

Guarantees: the same rows, configuration and library give the same model text; a feature with a
declared direction never works the other way; the probabilities are calibrated out of fold and
the reported figures are out of fold too; classes are never reweighted, so the level stays true.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import model_selection

from ml import baseline, calibration, metrics
from ml.calibration import Platt
from ml.canonical import sha256
from ml.scaling import Scale
from ml.schema import Schema

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int_]

FEWEST_ROWS = 200
FEWEST_OF_A_CLASS = 20
_AT_LEAST_TWO = 2


class TrainingRefused(ValueError):
    """The data cannot carry a model; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How to grow the trees. Few leaves and many small steps: explaining costs trees x leaves.

    The trees do not depend on `num_threads`. One is the default because a second thread that
    waits for a busy core costs ten times what it saves (20,000 rows on two cores: 4 s with one
    thread always; with two, 3 s on an idle machine and 33 s on a busy one).
    """

    n_estimators: int = 400
    learning_rate: float = 0.03
    num_leaves: int = 8
    min_child_samples: int = 40
    l2: float = 20.0
    feature_fraction: float = 0.5
    bagging_fraction: float = 0.8
    early_stopping_rounds: int = 40
    validation_share: float = 0.2
    folds: int = 5
    seed: int = 42
    num_threads: int = 1
    monotone: bool = True

    def __post_init__(self) -> None:
        """Refuse numbers that make no training run."""
        for name, fits in (
            ("n_estimators", self.n_estimators >= 1),
            ("learning_rate", 0 < self.learning_rate <= 1),
            ("num_leaves", self.num_leaves >= _AT_LEAST_TWO),
            ("min_child_samples", self.min_child_samples >= 1),
            ("l2", self.l2 >= 0),
            ("feature_fraction", 0 < self.feature_fraction <= 1),
            ("bagging_fraction", 0 < self.bagging_fraction <= 1),
            ("early_stopping_rounds", self.early_stopping_rounds >= 1),
            ("validation_share", 0 < self.validation_share < 1),
            ("folds", self.folds >= _AT_LEAST_TWO),
            ("num_threads", self.num_threads >= 1),
        ):
            if not fits:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class TrainedModel:
    """Everything a training run found; `artefact.pack` makes it storable."""

    schema: Schema
    booster_text: str
    calibration: Platt
    scale: Scale
    config: TrainingConfig
    trees: int
    rows: int
    bad_rate: float
    data_sha256: str
    unseen: dict[str, int]
    metrics: dict[str, Any]
    baseline: dict[str, Any]


def train(
    frame: pd.DataFrame,
    target: Sequence[int] | npt.NDArray[Any] | pd.Series,
    *,
    schema: Schema,
    config: TrainingConfig | None = None,
    scale: Scale | None = None,
) -> TrainedModel:
    """Return a calibrated monotone model of `target` (1 = bad) on exactly the schema's columns.

    The number of trees is chosen by early stopping on an inner split, then all rows are used.
    Raises SchemaViolation for a frame that does not fit, TrainingRefused for too little data,
    one class only, or features that say nothing about the outcome.
    """
    config, scale = config or TrainingConfig(), scale or Scale()
    encoded = schema.encode(frame)
    bad = _outcomes(target, rows=len(frame))
    run = _Run(schema=schema, config=config, matrix=encoded.matrix, bad=bad)
    trees = run.best_number_of_trees()
    margins = run.out_of_fold_margins(trees)
    try:
        line = calibration.fit_platt(margins, bad)
    except calibration.NoSignal as error:
        raise TrainingRefused(f"The features do not order the outcomes. {error}") from error
    log_odds = line.log_odds_of(margins)
    return TrainedModel(
        schema=schema,
        booster_text=run.fit(np.arange(len(bad)), trees).model_to_string(num_iteration=-1),
        calibration=line,
        scale=scale,
        config=config,
        trees=trees,
        rows=len(bad),
        bad_rate=float(bad.mean()),
        data_sha256=sha256(encoded.matrix.tobytes(), bad.tobytes()),
        unseen=encoded.unseen,
        metrics=_figures(calibration.probability(log_odds), bad),
        baseline=baseline.of_sample(schema, encoded.matrix, scale.offset - scale.factor * log_odds),
    )


@dataclass(frozen=True)
class _Run:
    """The encoded data of one training run and the ways to fit trees to parts of it."""

    schema: Schema
    config: TrainingConfig
    matrix: Floats
    bad: Floats

    def best_number_of_trees(self) -> int:
        """Return how many trees predict an inner validation part best."""
        inner, outer = model_selection.train_test_split(
            np.arange(len(self.bad)),
            test_size=self.config.validation_share,
            random_state=self.config.seed,
            stratify=self.bad,
        )
        fitting = self._dataset(inner)
        booster = lightgbm.train(
            self._parameters(),
            fitting,
            num_boost_round=self.config.n_estimators,
            valid_sets=[self._dataset(outer, reference=fitting)],
            callbacks=[lightgbm.early_stopping(self.config.early_stopping_rounds, verbose=False)],
        )
        return max(1, booster.best_iteration)

    def out_of_fold_margins(self, trees: int) -> Floats:
        """Return each row's margin from trees that never saw the row."""
        margins = np.empty(len(self.bad), dtype=np.float64)
        for seen, unseen in self._folds():
            margins[unseen] = self.fit(seen, trees).predict(
                self.matrix[unseen], raw_score=True, num_threads=self.config.num_threads
            )
        return margins

    def fit(self, rows: Positions, trees: int) -> lightgbm.Booster:
        """Return that many trees grown on the given rows."""
        return lightgbm.train(self._parameters(), self._dataset(rows), num_boost_round=trees)

    def _folds(self) -> Iterator[tuple[Positions, Positions]]:
        splitter = model_selection.StratifiedKFold(
            self.config.folds, shuffle=True, random_state=self.config.seed
        )
        yield from splitter.split(self.matrix, self.bad)

    def _dataset(
        self, rows: Positions, *, reference: lightgbm.Dataset | None = None
    ) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            self.matrix[rows],
            label=self.bad[rows],
            reference=reference,
            feature_name=list(self.schema.names),
            categorical_feature=[
                position
                for position, feature in enumerate(self.schema.features)
                if feature.kind == "category"
            ],
            params={"verbosity": -1, "num_threads": self.config.num_threads},
        )

    def _parameters(self) -> dict[str, Any]:
        config = self.config
        parameters: dict[str, Any] = {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": config.learning_rate,
            "num_leaves": config.num_leaves,
            "min_child_samples": config.min_child_samples,
            "lambda_l2": config.l2,
            "feature_fraction": config.feature_fraction,
            "bagging_fraction": config.bagging_fraction,
            "bagging_freq": 1 if config.bagging_fraction < 1 else 0,
            "seed": config.seed,
            "num_threads": config.num_threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        if config.monotone:
            parameters["monotone_constraints"] = [
                feature.direction for feature in self.schema.features
            ]
        return parameters


def _outcomes(target: Sequence[int] | npt.NDArray[Any] | pd.Series, *, rows: int) -> Floats:
    """Return the outcomes as 0.0 and 1.0, or refuse them with the reason."""
    if len(target) != rows:
        raise TrainingRefused(f"There are {rows} rows but {len(target)} outcomes.")
    values = pd.Series(np.asarray(target))
    if values.isna().any() or not values.isin((0, 1)).all():
        raise TrainingRefused("Every outcome must be 0 (good) or 1 (bad).")
    bad = values.to_numpy(dtype=np.float64)
    bads = int(bad.sum())
    if rows < FEWEST_ROWS:
        raise TrainingRefused(f"A model needs at least {FEWEST_ROWS} rows; there are {rows}.")
    if bads in (0, rows):
        raise TrainingRefused("All outcomes are the same, so there is nothing to tell apart.")
    fewest = min(bads, rows - bads)
    if fewest < FEWEST_OF_A_CLASS:
        raise TrainingRefused(
            f"A model needs at least {FEWEST_OF_A_CLASS} good and as many bad outcomes;"
            f" there are {rows - bads} good and {bads} bad."
        )
    return bad


def _figures(pd: Floats, bad: Floats) -> dict[str, Any]:
    """Return the out-of-fold figures that travel with the model."""
    return {
        "sample": "out_of_fold",
        "auc": metrics.auc(pd, bad),
        "gini": metrics.gini(pd, bad),
        "ks": metrics.ks(pd, bad),
        "brier": metrics.brier(pd, bad),
        "brier_skill": metrics.brier_skill(pd, bad),
        "log_loss": metrics.log_loss(pd, bad),
        "expected_calibration_error": metrics.expected_calibration_error(pd, bad),
        "bands": [asdict(band) for band in metrics.calibration_by_band(pd, bad)],
    }
