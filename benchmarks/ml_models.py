"""The models that `bench_ml` measures, each with its bare trees and applications to score.

A and B are trees of a stated size on made-up numbers; the champion and the scorecard are what a
training run of the product makes of synthetic applications.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from ml import artefact, presets, synthetic, training
from ml.application_schema import SCHEMA
from ml.artefact import Artefact
from ml.boosting import BoostingConfig, BoostingEstimator, Trees
from ml.calibration import Calibration, Platt
from ml.estimator import Floats
from ml.scaling import Scale
from ml.schema import Feature, Schema
from ml.scorecard import ScorecardConfig
from ml.serving import Scorer
from ml.training import TrainedModel, TrainingConfig

ROWS = 20_000


@dataclass(frozen=True)
class Model:
    """A model as it serves, its trees alone, and applications as a table and as numbers."""

    name: str
    scorer: Scorer
    frame: pd.DataFrame
    matrix: Floats
    bad: Floats

    @cached_property
    def booster(self) -> lightgbm.Booster:
        """The trees without anything around them; TypeError for a model of another kind."""
        if not isinstance(self.scorer.model, Trees):
            raise TypeError(f"{self.name} has no trees.")
        return self.scorer.model.booster

    @cached_property
    def row(self) -> dict[str, object]:
        """The first application as the values the product hands over."""
        return dict(self.scorer.schema.to_rows(self.frame.head(1))[0])

    def peer(self, *, threads: int | None) -> lightgbm.LGBMClassifier:
        """Return as many trees of the same size in scikit-learn's dress, fitted to a DataFrame.

        None leaves the number of threads to LightGBM.
        """
        facts = self.scorer.model.facts()
        peer = lightgbm.LGBMClassifier(
            n_estimators=facts["trees"],
            num_leaves=facts["leaves"],
            learning_rate=0.03,
            n_jobs=threads,
            verbosity=-1,
        )
        return peer.fit(self.numbers, self.bad)

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """The encoded applications as a table."""
        return pd.DataFrame(self.matrix, columns=list(self.scorer.schema.names))


def schema_of(features: int) -> Schema:
    """Return so many numbers, every third of them with a direction and some of them missing."""
    return Schema(
        "benchmark",
        1,
        tuple(
            Feature(
                f"f{place:02}",
                "number",
                group="made up",
                direction=1 if place % 3 == 0 else 0,
                missing="allowed",
                missing_meaning="not asked",
            )
            for place in range(features)
        ),
    )


def sample_of(features: int, *, rows: int, seed: int = 11) -> tuple[Floats, Floats]:
    """Return numbers with a tenth missing, and outcomes that hang on them and on chance."""
    chance = np.random.default_rng(seed)
    matrix = chance.normal(size=(rows, features))
    weights = np.abs(chance.normal(size=features)) / np.sqrt(features)
    log_odds = matrix @ weights + np.sin(3 * matrix[:, 0]) + matrix[:, 1] * matrix[:, 2] / 2 - 1.5
    bad = (chance.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.float64)
    matrix[chance.random(matrix.shape) < 0.1] = np.nan
    return matrix, bad


def of_size(name: str, *, trees: int, leaves: int, features: int) -> Model:
    """Return boosted trees of that size, written to text and read back as they serve."""
    schema, (matrix, bad) = schema_of(features), sample_of(features, rows=ROWS)
    config = BoostingConfig(trees=trees, num_leaves=leaves)
    grown = BoostingEstimator(schema, config).learn(matrix, bad, None)
    scorer = Scorer(
        model=Trees.from_body(grown.to_body(), schema),
        calibration=Calibration(Platt(intercept=-0.05, slope=0.95)),
        scale=Scale(),
        sha256="",
    )
    return Model(name, scorer, pd.DataFrame(matrix, columns=list(schema.names)), matrix, bad)


def applications(rows: int = ROWS) -> pd.DataFrame:
    """Return synthetic applications with their outcomes."""
    return synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=rows,
        seed=11,
        start=date(2024, 1, 1),
        end=date(2024, 12, 31),
    )


def champion() -> tuple[Model, Artefact]:
    """Return the product's usual choice, and as it is stored."""
    return _of_product("champion", TrainingConfig(model=presets.CHAMPION))


def scorecard() -> tuple[Model, Artefact]:
    """Return the product's scorecard, and as it is stored."""
    return _of_product("scorecard", TrainingConfig(model=ScorecardConfig()))


def _of_product(name: str, config: TrainingConfig) -> tuple[Model, Artefact]:
    frame = applications()
    features = frame[list(SCHEMA.names)]
    trained: TrainedModel = training.train(features, frame["bad"], schema=SCHEMA, config=config)
    packed = artefact.pack(trained)
    scorer = artefact.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
    bad: Any = frame["bad"].to_numpy(dtype=np.float64)
    return Model(name, scorer, features, SCHEMA.to_matrix(features), bad), packed
