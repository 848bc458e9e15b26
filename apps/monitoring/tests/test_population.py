"""Stored scores counted in the bins of training: as the model saw them, whatever the chunks."""

import json
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from apps.monitoring import population, spans
from apps.monitoring.population import NoTrainingSample, Training
from apps.monitoring.spans import Span
from apps.scoring.tests import factories as scoring
from ml import drift
from ml.application_schema import SCHEMA
from ml.schema import Feature, Schema

MANIFEST = scoring.trained_artefact().manifest
ROWS = SCHEMA.to_rows(scoring.applications()[list(SCHEMA.names)].iloc[:400])
TEXTS = [json.dumps(row) for row in ROWS]
LOG_ODDS = np.linspace(-4, -1, len(ROWS)).tolist()
CHUNK = list(zip(TEXTS, LOG_ODDS, strict=True))


def test_stored_rows_become_what_the_model_saw() -> None:
    matrix, unseen = population.encoded(SCHEMA, TEXTS)

    expected = np.array([SCHEMA.to_matrix_row(row) for row in ROWS])
    np.testing.assert_array_equal(matrix, expected)
    assert unseen == {}


def test_what_is_strange_is_counted_and_never_guessed() -> None:
    schema = Schema(
        "strange",
        1,
        (
            Feature("owner", "boolean", group="home"),
            Feature("open", "category", group="loan", categories=("a", "b", "x"), other="x"),
            Feature("closed", "category", group="loan", categories=("a", "b")),
        ),
    )
    rows = [
        {"owner": True, "open": "new", "closed": "new"},
        {"owner": None, "open": None, "closed": "b"},
        {"owner": False},
    ]

    matrix, unseen = population.encoded(schema, [json.dumps(row) for row in rows])

    np.testing.assert_array_equal(matrix, [[1, 2, -1], [np.nan, np.nan, 1], [0, np.nan, np.nan]])
    assert unseen == {"open": 1}
    with pytest.raises(ValueError, match="could not convert"):
        population.encoded(schema, ['{"owner": "maybe"}'])


@pytest.mark.parametrize("size", [1, 37, 400])
def test_the_size_of_a_chunk_changes_nothing(size: int) -> None:
    training = Training.of_manifest(MANIFEST)
    parts = [CHUNK[at : at + size] for at in range(0, len(CHUNK), size)]

    found = training.counted(parts)

    assert found == training.counted([CHUNK])
    matrix, _unseen = population.encoded(SCHEMA, TEXTS)
    whole = drift.Sample(matrix, training.scale.scores_at(np.array(LOG_ODDS)))
    report = training.report(found, Span.MONTH)
    assert report == drift.report(training.baseline, SCHEMA, whole)


def test_nobody_scored_gives_counts_and_no_verdict() -> None:
    found = population.facts(
        Training.of_manifest(MANIFEST), Training.of_manifest(MANIFEST).counted([]), Span.DAY
    )

    assert (found["scored"], found["drift"]) == (0, None)


@pytest.mark.parametrize("lacking", ["baseline", "schema", "scale"])
def test_a_model_that_says_nothing_of_its_training_is_refused(lacking: str) -> None:
    manifest: dict[str, Any] = {key: one for key, one in MANIFEST.items() if key != lacking}

    with pytest.raises(NoTrainingSample):
        Training.of_manifest(manifest)


def test_spans_that_are_over_are_caught_up_and_not_without_end() -> None:
    now = datetime(2026, 5, 3, 1, tzinfo=UTC)
    since = datetime(2026, 3, 9, tzinfo=UTC)

    assert list(spans.over(Span.MONTH, since=since, now=now)) == [
        date(2026, 3, 1),
        date(2026, 4, 1),
    ]
    days = list(spans.over(Span.DAY, since=since, now=now))
    assert (len(days), days[0], days[-1]) == (spans.MOST_DAYS, date(2026, 4, 2), date(2026, 5, 2))
    assert list(spans.over(Span.DAY, since=now, now=now)) == []
    years = list(spans.over(Span.MONTH, since=datetime(2001, 1, 1, tzinfo=UTC), now=now))
    assert (len(years), years[-1]) == (spans.MOST_MONTHS, date(2026, 4, 1))
