"""Scores applications with a trained model and explains each exactly.

Guarantees: the probability does not depend on whether an explanation was asked for, nor on
whether a row came alone or in a frame; base + attributions equals the log-odds; a row that does
not fit the schema is refused, never repaired.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import calibration
from ml.calibration import Platt
from ml.scaling import Scale, rounded
from ml.schema import Schema

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """One application's risk. `log_odds` are of bad; attributions are in the same unit.

    `base` is what the trees expect before they know anything: the mean log-odds over the rows
    they were grown on, the same for every application of one model. Without an
    explanation `attributions` is empty.
    """

    pd: float
    score: float
    displayed_score: int
    log_odds: float
    base: float
    attributions: dict[str, float]


class Explained(NamedTuple):
    """Many applications' risk: one row of attributions each, columns as in the schema."""

    pd: Floats
    base: float
    attributions: Floats


class Scorer:
    """A loaded model: schema, trees, calibration and scale. Safe to share between threads."""

    def __init__(
        self,
        *,
        schema: Schema,
        booster: lightgbm.Booster,
        calibration: Platt,
        scale: Scale,
        sha256: str,
    ) -> None:
        if tuple(booster.feature_name()) != schema.names:
            raise ValueError("The trees were grown on other features than the schema names.")
        self.schema = schema
        self.calibration = calibration
        self.scale = scale
        self.sha256 = sha256
        self._booster = booster
        anyone = np.full((1, len(schema.names)), np.nan)
        self.base = calibration.log_odds(float(self._contributions(anyone, threads=1)[0, -1]))

    def score_one(self, row: Mapping[str, object], *, explain: bool = True) -> Scored:
        """Return the risk of one application; SchemaViolation if the row does not fit."""
        matrix = self.schema.to_matrix_row(row).reshape(1, -1)
        log_odds = self.calibration.log_odds(float(self._margins(matrix, threads=1)[0]))
        score = self.scale.score_at(log_odds)
        return Scored(
            pd=calibration.probability_of(log_odds),
            score=score,
            displayed_score=rounded(score),
            log_odds=log_odds,
            base=self.base,
            attributions=self._attributions(matrix) if explain else {},
        )

    def score_frame(self, frame: pd.DataFrame, *, threads: int = 1) -> Floats:
        """Return the probability of default of every row; SchemaViolation names row and column."""
        return self.score_matrix(self.schema.to_matrix(frame), threads=threads)

    def score_matrix(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return the probability of default of every row of a matrix the schema has encoded."""
        log_odds = self.calibration.log_odds_of(self._margins(matrix, threads=threads))
        return calibration.probability(log_odds)

    def explain_frame(self, frame: pd.DataFrame, *, threads: int = 1) -> Explained:
        """Return probabilities and exact attributions in log-odds of every row."""
        matrix = self.schema.to_matrix(frame)
        shares = self._contributions(matrix, threads=threads)
        return Explained(
            pd=self.score_matrix(matrix, threads=threads),
            base=self.base,
            attributions=self.calibration.slope * shares[:, :-1],
        )

    def _attributions(self, matrix: Floats) -> dict[str, float]:
        scaled = self.calibration.slope * self._contributions(matrix, threads=1)[0, :-1]
        return dict(zip(self.schema.names, scaled.tolist(), strict=True))

    def _margins(self, matrix: Floats, *, threads: int) -> Floats:
        margins = self._booster.predict(matrix, raw_score=True, num_threads=threads)
        return cast(Floats, margins)

    def _contributions(self, matrix: Floats, *, threads: int) -> Floats:
        contributions = self._booster.predict(matrix, pred_contrib=True, num_threads=threads)
        return cast(Floats, contributions)
