"""Many applications in chunks: the same numbers, and memory that does not grow with their count."""

import tracemalloc
from collections import deque
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from ml.boosting import BoostingConfig, BoostingEstimator
from ml.calibration import Calibration, Platt
from ml.estimator import Floats
from ml.scaling import Scale
from ml.schema import Feature, Schema, SchemaViolation
from ml.serving import CHUNK_ROWS, Scorer

SCHEMA = Schema(
    "chunks",
    1,
    (
        Feature("debt", "number", group="debt", minimum=-9, maximum=9, direction=1),
        Feature(
            "income", "number", group="income", missing="allowed", missing_meaning="not stated"
        ),
        Feature("home", "category", group="home", categories=("own", "rent", "other")),
    ),
)
ROWS = 1000


def applicants() -> pd.DataFrame:
    chance = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "debt": chance.normal(size=ROWS),
            "income": np.where(chance.random(ROWS) < 0.1, np.nan, chance.normal(size=ROWS)),
            "home": chance.choice(["own", "rent", "other"], ROWS),
        }
    )
    frame.index += 5000
    return frame


FRAME = applicants()
MATRIX = SCHEMA.to_matrix(FRAME)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    bad = (np.random.default_rng(4).random(ROWS) < 1 / (1 + np.exp(-MATRIX[:, 0]))).astype(float)
    estimator = BoostingEstimator(SCHEMA, BoostingConfig(trees=30)).fit(MATRIX, bad)
    line = Calibration(Platt(intercept=-0.1, slope=0.9))
    return Scorer(model=estimator.model_, calibration=line, scale=Scale(), sha256="0" * 64)


@pytest.mark.parametrize("rows", [1, 7, 250, 999, ROWS, ROWS + 1, CHUNK_ROWS])
@pytest.mark.parametrize("data", [FRAME, MATRIX], ids=["frame", "matrix"])
def test_it_scores_in_chunks_as_at_once(
    scorer: Scorer, data: pd.DataFrame | Floats, rows: int
) -> None:
    parts = list(scorer.score_chunks(data, rows=rows))

    assert [len(part) for part in parts[:-1]] == [rows] * (len(parts) - 1)
    assert 0 < len(parts[-1]) <= rows
    assert np.concatenate(parts).tolist() == scorer.score_frame(FRAME).tolist()


@pytest.mark.parametrize("data", [FRAME, MATRIX], ids=["frame", "matrix"])
def test_it_explains_in_chunks_as_at_once(scorer: Scorer, data: pd.DataFrame | Floats) -> None:
    whole = scorer.explain_frame(FRAME)

    parts = list(scorer.explain_chunks(data, rows=300))

    assert [len(part.pd) for part in parts] == [300, 300, 300, 100]
    assert np.concatenate([part.pd for part in parts]).tolist() == whole.pd.tolist()
    together = np.concatenate([part.attributions for part in parts])
    assert together.tolist() == whole.attributions.tolist()
    assert {part.base for part in parts} == {whole.base}


def test_it_scores_alone_as_in_a_chunk(scorer: Scorer) -> None:
    few = FRAME.head(20)

    alone = [scorer.score_one(row, explain=False).pd for row in SCHEMA.to_rows(few)]

    assert alone == np.concatenate(list(scorer.score_chunks(few, rows=3))).tolist()


def test_it_names_the_row_that_does_not_fit_after_what_came_before(scorer: Scorer) -> None:
    frame = FRAME.copy()
    frame.loc[5555, "debt"] = 10.0

    parts = scorer.score_chunks(frame, rows=500)

    assert next(parts).tolist() == scorer.score_frame(FRAME.head(500)).tolist()
    with pytest.raises(SchemaViolation, match="Row 5555: debt must be at most 9"):
        next(parts)


def test_it_refuses_chunks_of_nothing_and_frames_without_rows(scorer: Scorer) -> None:
    with pytest.raises(ValueError, match="at least one row"):
        scorer.score_chunks(FRAME, rows=0)
    with pytest.raises(ValueError, match="at least one row"):
        scorer.explain_chunks(MATRIX, rows=-1)
    with pytest.raises(SchemaViolation, match="no rows"):
        list(scorer.score_chunks(FRAME.head(0)))


def test_it_has_nothing_to_say_of_an_empty_matrix(scorer: Scorer) -> None:
    assert list(scorer.score_chunks(MATRIX[:0])) == []
    assert list(scorer.explain_chunks(MATRIX[:0])) == []


def test_it_needs_no_more_memory_for_ten_times_the_rows(scorer: Scorer) -> None:
    """Of what Python's and numpy's allocators gave out; the model's own scratch is not counted."""
    frame = pd.concat([FRAME] * 100, ignore_index=True)
    whole = SCHEMA.to_matrix(frame).nbytes

    few = peak(scorer.score_chunks(frame.head(10_000), rows=5000))
    many = peak(scorer.score_chunks(frame, rows=5000))

    assert many < 1.2 * few
    assert many < whole / 3 < peak(scorer.score_chunks(frame, rows=len(frame)))


def peak(parts: Iterator[object]) -> int:
    tracemalloc.start()
    try:
        deque(parts, maxlen=0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
