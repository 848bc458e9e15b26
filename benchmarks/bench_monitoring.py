"""Watching a champion's month of scores beside the bare limit, and how often it cries wolf.

The month is measured by the service itself, from the stored score runs to the stored figures. The
bare limit reads the same rows with a cursor of the driver, parses them and counts each feature
with numpy, and judges nothing. Rows are copies of a few thousand; 60 features each.

False alarms are counted over histories of 24 months in which nothing changes, detection over the
same histories with incomes half as high again from the thirteenth month on; each with the limits
that docs/model-monitoring.md proposes. A larger month with `--scores 1000000`.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
from django.db import connection

from apps.monitoring import measures, population, services, stored
from apps.monitoring.measures import Measure
from apps.monitoring.population import Training
from apps.monitoring.spans import Span
from apps.scoring.models import ModelVersion
from benchmarks import measuring, scratch
from ml import artefact, baseline, synthetic, training
from ml.application_schema import SCHEMA
from ml.boosting import BoostingConfig
from ml.scaling import Scale
from ml.schema import Feature, Schema
from ml.serving import Scorer
from ml.training import TrainingConfig

SCORES = 100_000
MOST_SECONDS_A_MILLION = 60.0
_SEEDS, _NUMBERS, _CATEGORIES = 2_000, 50, 10
_WORDS = ("a", "b", "c", "d", "other")
_MONTH = date(2026, 10, 1)
_NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
_MONTHS, _A_MONTH, _HISTORIES, _PLANTED = 24, 500, 100, 12
_LIMITS = {
    Measure.FEATURE_PSI: 0.1,
    Measure.SCORE_PSI: 0.1,
    Measure.MISSING_CHANGE: 0.05,
    Measure.UNSEEN: 0.01,
    Measure.OUT_OF_RANGE: 0.01,
}


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", scores=SCORES, histories=_HISTORIES)
    with scratch.database():
        figures = _speed(asked.scores)
        server = scratch.server()
    if asked.histories:
        figures += _alarms(asked.histories)
    measuring.report(
        "Watching models",
        figures,
        on=server,
        recorded=asked.record,
        command="make bench-monitoring ARGS='--scores 1000000'",
    )


def _speed(scores: int) -> list[measuring.Figure]:
    schema = _schema()
    model = _model(schema)
    _store(model, schema, copies=scores // _SEEDS)
    began = time.perf_counter()
    bare = _bare(schema)
    limit = time.perf_counter() - began
    began = time.perf_counter()
    [figures, *_others] = services.measure(model=model, span=Span.MONTH, start=_MONTH, now=_NOW)
    seconds = time.perf_counter() - began
    rows = figures.facts["scored"]
    if not rows == bare == scores // _SEEDS * _SEEDS:
        raise AssertionError(f"{rows} of {bare} scores were counted.")
    return [
        measuring.figure(
            "a month of scores, 60 features",
            seconds,
            "s",
            peer=("goal", MOST_SECONDS_A_MILLION * rows / 1_000_000),
            goal="ratio < 1",
            n=rows,
        ),
        measuring.figure(
            "the same", seconds, "s", peer=("bare read and numpy counts", limit), goal="", n=rows
        ),
    ]


def _schema() -> Schema:
    numbers = [
        Feature(
            f"number_{place:02d}",
            "number",
            group="numbers",
            missing="allowed",
            missing_meaning="not known",
        )
        for place in range(_NUMBERS)
    ]
    words = [
        Feature(f"word_{place:02d}", "category", group="words", categories=_WORDS, other="other")
        for place in range(_CATEGORIES)
    ]
    return Schema("sixty", 1, (*numbers, *words))


def _rows(schema: Schema, rows: int, seed: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    columns: dict[str, list[Any]] = {}
    for feature in schema.features:
        if feature.kind == "category":
            columns[feature.name] = rng.choice(_WORDS, rows).tolist()
            continue
        values = rng.lognormal(3, 1, rows).round(3)
        gone = rng.random(rows) < 0.05
        columns[feature.name] = [None if no else one for one, no in zip(values, gone, strict=True)]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _model(schema: Schema) -> ModelVersion:
    matrix, _unseen = population.encoded(
        schema, [json.dumps(row) for row in _rows(schema, 5_000, seed=1)]
    )
    scale = Scale()
    log_odds = np.random.default_rng(1).normal(-2, 0.7, len(matrix))
    known = baseline.of_sample(schema, matrix, scale.scores_at(log_odds))
    manifest = {"schema": schema.to_dict(), "scale": scale.to_dict(), "baseline": known}
    return ModelVersion.objects.create(
        segment="bench",
        number=1,
        name="Sixty features",
        body="",
        manifest=stored.plain(manifest),
        sha256="0" * 64,
        signature="",
        schema_hash=schema.hash,
    )


def _store(model: ModelVersion, schema: Schema, *, copies: int) -> None:
    """Store so many copies of a few thousand scores, by one statement."""
    rows = _rows(schema, _SEEDS, seed=2)
    log_odds = np.random.default_rng(2).normal(-2, 0.7, _SEEDS).tolist()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE seed (features jsonb, log_odds float8)")
        cursor.executemany(
            "INSERT INTO seed VALUES (%s, %s)",
            [(json.dumps(row), odds) for row, odds in zip(rows, log_odds, strict=True)],
        )
        cursor.execute(
            """
            INSERT INTO scoring_scorerun (id, subject, model_id, model_sha256, schema_hash,
                features, features_sha256, pd, score, log_odds, base, attributions, scored_at)
            SELECT gen_random_uuid(), 'bench', %s, %s, %s, seed.features, %s, 0.1, 600,
                seed.log_odds, 0, '{}', %s
            FROM generate_series(1, %s) CROSS JOIN seed
            """,
            [model.pk, "0" * 64, model.schema_hash, "0" * 64, "2026-10-15T09:00:00Z", copies],
        )
        cursor.execute("ANALYZE scoring_scorerun")


def _bare(schema: Schema) -> int:
    """Read all scores by a cursor of the driver and count each feature; return their number."""
    names = [feature.name for feature in schema.features if feature.kind != "category"]
    edges = np.linspace(0, 200, 11)
    count = 0
    for rows in _read():
        parsed = [json.loads(text) for text, _log_odds in rows]
        for name in names:
            values = np.array([row[name] for row in parsed], dtype=np.float64)
            np.histogram(values[~np.isnan(values)], edges)
        count += len(rows)
    return count


def _read() -> Iterator[list[Any]]:
    connection.ensure_connection()
    driver: Any = connection.connection
    driver.autocommit = False
    try:
        with driver.cursor("bare") as cursor:
            cursor.execute("SELECT features::text, log_odds FROM scoring_scorerun")
            while rows := cursor.fetchmany(10_000):
                yield rows
        driver.rollback()
    finally:
        driver.autocommit = True


# --- false alarms ---------------------------------------------------------------------------------


def _alarms(histories: int) -> list[measuring.Figure]:
    packed = _champion()
    scorer = artefact.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
    known = Training.of_manifest(packed.manifest)
    false = found = exact = 0
    for seed in range(histories):
        quiet = [_beyond(known, scorer, month) for month in _history(seed)]
        false += any(quiet)
        drifted = [_beyond(known, scorer, month) for month in _history(seed, planted=True)]
        first = next((place for place, names in enumerate(drifted) if names), None)
        found += first == _PLANTED
        exact += first == _PLANTED and "annual_income" in drifted[_PLANTED]
    allowed = 0.05
    return [
        measuring.figure(
            "histories of 24 months without drift, with an alarm",
            false / histories,
            "share",
            peer=("allowed", allowed),
            goal="ratio < 1",
            n=histories,
        ),
        measuring.figure(
            "histories whose first alarm is in the month of the drift",
            found / histories,
            "share",
            peer=("all", 1.0),
            goal="",
            n=histories,
        ),
        measuring.figure(
            "of them on the feature that drifted",
            exact / histories,
            "share",
            peer=("all", 1.0),
            goal="",
            n=histories,
        ),
    ]


def _champion() -> artefact.Artefact:
    frame = _generated(4_000, seed=1_000_003)
    config = TrainingConfig(model=BoostingConfig(most_trees=60, learning_rate=0.1), folds=3)
    return artefact.pack(
        training.train(frame[list(SCHEMA.names)], frame["bad"], schema=SCHEMA, config=config)
    )


def _generated(rows: int, seed: int) -> pd.DataFrame:
    return synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=rows,
        seed=seed,
        start=date(2024, 1, 1),
        end=date(2025, 12, 31),
    )


def _history(seed: int, *, planted: bool = False) -> Iterator[pd.DataFrame]:
    """Yield 24 months of applicants; from the thirteenth on incomes are higher where planted."""
    frame = _generated(_MONTHS * _A_MONTH, seed)[list(SCHEMA.names)]
    for place in range(_MONTHS):
        month = frame.iloc[place * _A_MONTH : (place + 1) * _A_MONTH].copy()
        if planted and place >= _PLANTED:
            month["annual_income"] *= 1.5
        yield month


def _beyond(known: Training, scorer: Scorer, month: pd.DataFrame) -> set[str]:
    """Return what went beyond the limits in a month: features, "" for the score."""
    pd_ = scorer.score_frame(month)
    log_odds = np.log(pd_ / (1 - pd_)).tolist()
    texts = [json.dumps(row) for row in SCHEMA.to_rows(month)]
    tally = known.counted([list(zip(texts, log_odds, strict=True))])
    facts = stored.plain(population.facts(known, tally, Span.MONTH))
    nothing: dict[str, Any] = {
        "approved": [0, 0],
        "departed": [0, 0],
        "failed": [0, 0],
        "latency": {"p95": None},
    }
    read = measures.of_population({**facts, "decisions": nothing})
    return {
        one.subject
        for one in read
        if one.measure in _LIMITS and one.is_beyond(_LIMITS[one.measure])
    }


if __name__ == "__main__":
    main()
