"""Scores applications with a trained model and explains each exactly.

Guarantees: the probability does not depend on whether an explanation was asked for, nor on
whether a row came alone or in a frame; base + attributions equals the log-odds; a row that does
not fit the schema is refused, never repaired.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml import calibration
from ml.calibration import Calibration
from ml.estimator import Fitted
from ml.reference import Reference
from ml.scaling import Scale, rounded
from ml.schema import Schema

Floats = npt.NDArray[np.float64]

CHUNK_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Scored:
    """One application's risk. `log_odds` are of bad; attributions are in the same unit.

    `log_odds` are those of the calibration's straight line, which orders applicants; where a
    curve follows the line, `pd` and `score` are those after the curve. `base` is what the model
    expects before it knows anything, the same for every application of one model. Without an
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
    """A loaded model: schema, model, calibration and scale. Safe to share between threads."""

    def __init__(
        self,
        *,
        model: Fitted,
        calibration: Calibration,
        scale: Scale,
        sha256: str,
        reference: Reference | None = None,
    ) -> None:
        self.model = model
        self.schema: Schema = model.schema
        self.calibration = calibration
        self.scale = scale
        self.sha256 = sha256
        # None for a model stored before there was one.
        self.reference = reference
        anyone = np.full((1, len(self.schema.names)), np.nan)
        self.base = calibration.line.log_odds(float(model.contributions(anyone)[0, -1]))

    def score_one(self, row: Mapping[str, object], *, explain: bool = True) -> Scored:
        """Return the risk of one application; SchemaViolation if the row does not fit."""
        matrix = self.schema.to_matrix_row(row).reshape(1, -1)
        attributions = self._attributions(matrix)[0] if explain else {}
        return self._scored(float(self.model.margins(matrix)[0]), attributions)

    def probability_when(
        self, row: Mapping[str, object]
    ) -> Callable[[Mapping[str, object]], float]:
        """Return a function that says the probability once some features of a row are others.

        The number is that of `score_one` to the last bit; only what changes is encoded again.
        SchemaViolation if the row, or what it is to become, does not fit.
        """
        encoded = self.schema.to_matrix_row(row)
        places = {
            name: (place, self.schema.feature(name)) for place, name in enumerate(self.schema.names)
        }

        def probability(changes: Mapping[str, object]) -> float:
            matrix = encoded.copy()
            for name, value in changes.items():
                place, feature = places[name]
                matrix[place] = feature.encode(value)
            margin = float(self.model.margins(matrix.reshape(1, -1))[0])
            return calibration.probability_of(self._final(margin))

        return probability

    def score_rows(
        self, rows: Sequence[Mapping[str, object]], *, explain: bool = True
    ) -> list[Scored]:
        """Return the risk of several applications, each to the last bit as if it came alone.

        The model is asked once. SchemaViolation if a row does not fit.
        """
        if not rows:
            return []
        matrix = np.array([self.schema.to_matrix_row(row) for row in rows])
        shares = self._attributions(matrix) if explain else [{} for _ in rows]
        margins = self.model.margins(matrix).tolist()
        return [self._scored(*one) for one in zip(margins, shares, strict=True)]

    def score_frame(self, frame: pd.DataFrame, *, threads: int = 1) -> Floats:
        """Return the probability of default of every row; SchemaViolation names row and column."""
        return self.score_matrix(self.schema.to_matrix(frame), threads=threads)

    def score_matrix(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return the probability of default of every row of a matrix the schema has encoded."""
        self._check_shape(matrix)
        return self.calibration.probability_of(self.model.margins(matrix, threads=threads))

    def explain_frame(self, frame: pd.DataFrame, *, threads: int = 1) -> Explained:
        """Return probabilities and exact attributions in log-odds of every row."""
        return self.explain_matrix(self.schema.to_matrix(frame), threads=threads)

    def explain_matrix(self, matrix: Floats, *, threads: int = 1) -> Explained:
        """Return probabilities and attributions of every row of an encoded matrix."""
        self._check_shape(matrix)
        shares = self.model.contributions(matrix, threads=threads)
        return Explained(
            pd=self.score_matrix(matrix, threads=threads),
            base=self.base,
            attributions=self.calibration.line.slope * shares[:, :-1],
        )

    def log_odds_of(self, matrix: Floats) -> Floats:
        """Return the log-odds of bad of every row of an encoded matrix, as attributions add up."""
        self._check_shape(matrix)
        return self.calibration.line.log_odds_of(self.model.margins(matrix))

    def attributions_of(self, encoded: Floats) -> dict[str, float]:
        """Return the exact attributions of one encoded row, shape (features,)."""
        return self._attributions(encoded.reshape(1, -1))[0]

    def score_chunks(
        self, data: pd.DataFrame | Floats, *, rows: int = CHUNK_ROWS, threads: int = 1
    ) -> Iterator[Floats]:
        """Yield the probabilities of a frame or of an encoded matrix, so many rows at a time.

        Memory stays flat, whatever the number of rows: a frame is encoded chunk by chunk too.
        The numbers are those of `score_frame` to the last bit. A row that does not fit raises
        SchemaViolation when its chunk is reached; those before it have been yielded by then.
        """
        return (self.score_matrix(part, threads=threads) for part in self._parts(data, rows))

    def explain_chunks(
        self, data: pd.DataFrame | Floats, *, rows: int = CHUNK_ROWS, threads: int = 1
    ) -> Iterator[Explained]:
        """Yield what `explain_frame` returns, so many rows at a time and with flat memory."""
        return (self.explain_matrix(part, threads=threads) for part in self._parts(data, rows))

    def _check_shape(self, matrix: Floats) -> None:
        """Refuse a matrix that is not the schema's; each kind of model would say it otherwise."""
        columns = len(self.schema.names)
        if matrix.ndim != 2 or matrix.shape[1] != columns:
            raise ValueError(
                f"The matrix has shape {matrix.shape}; {self.schema.name} has {columns} features."
            )

    def _parts(self, data: pd.DataFrame | Floats, rows: int) -> Iterator[Floats]:
        """Return the encoded rows in chunks; ValueError for chunks of nothing."""
        if rows < 1:
            raise ValueError("A chunk needs at least one row.")
        if not isinstance(data, pd.DataFrame):
            return (data[start : start + rows] for start in range(0, len(data), rows))
        # A frame without rows is refused like any other that does not fit.
        starts = range(0, max(len(data), 1), rows)
        return (self.schema.to_matrix(data.iloc[start : start + rows]) for start in starts)

    def _scored(self, margin: float, attributions: dict[str, float]) -> Scored:
        log_odds = self.calibration.line.log_odds(margin)
        final = self._final(margin)
        score = self.scale.score_at(final)
        return Scored(
            pd=calibration.probability_of(final),
            score=score,
            displayed_score=rounded(score),
            log_odds=log_odds,
            base=self.base,
            attributions=attributions,
        )

    def _final(self, margin: float) -> float:
        """Return the calibrated log-odds of a margin."""
        return self.calibration.final(self.calibration.line.log_odds(margin))

    def _attributions(self, matrix: Floats) -> list[dict[str, float]]:
        scaled = self.calibration.line.slope * self.model.contributions(matrix)[:, :-1]
        names = self.schema.names
        return [dict(zip(names, row, strict=True)) for row in scaled.tolist()]
