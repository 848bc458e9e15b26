"""The scoring library: one application, a million, training and watching; each beside its limit.

Everything runs on one thread, as it does beside other workers. Sizes A and B are 300 trees of 31
leaves on 28 features and 500 of 31 on 60; the champion is what the product trains.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import shap
from lightgbm import LGBMClassifier

from benchmarks import measuring, ml_learning, ml_models
from benchmarks.measuring import Figure
from benchmarks.ml_models import Model
from ml import artefact_files
from ml.artefact import Artefact
from ml.scorecard import Scorecard
from ml.serving import CHUNK_ROWS

MICROSECONDS = 1_000_000
MEBIBYTE = 1024 * 1024
PARTS = 10
BOOSTER = "Booster on numpy, 1 thread"
CONTRIBUTIONS = "pred_contrib, 1 thread"
COMMAND = "make bench-ml"


def main() -> None:
    """Measure and report, section by section."""
    asked = measuring.options(
        __doc__ or "", rows=1_000_000, explained=6_000, times=200, learned=100_000
    )
    # shap says so at every call, which would be measured as well.
    warnings.filterwarnings("ignore", message="LightGBM binary classifier with TreeExplainer")
    champion, packed = ml_models.champion()
    card, _ = ml_models.scorecard()
    models = [
        ml_models.of_size("A", trees=300, leaves=31, features=28),
        ml_models.of_size("B", trees=500, leaves=31, features=60),
        champion,
    ]
    single = [figure for model in models for figure in _alone(model, asked.times)]
    single += _card_alone(card, asked.times)
    _report("Scoring one application", single, asked)
    _report("Scoring many applications", _many(models[0], champion, packed, asked), asked)
    found = ml_learning.figures(packed, rows=asked.learned, judged=asked.rows)
    _report("Training and watching a model", found, asked)


def _report(title: str, figures: list[Figure], asked: argparse.Namespace) -> None:
    measuring.report(title, figures, on="", recorded=asked.record, command=COMMAND)


def _alone(model: Model, times: int) -> list[Figure]:
    """Compare with the trees alone, which get a row of numbers and check nothing, and with shap."""
    scorer, booster, row, encoded = model.scorer, model.booster, model.row, model.matrix[:1]
    plain, bare = measuring.by_turns(
        [
            lambda: scorer.score_one(row, explain=False),
            lambda: booster.predict(encoded, raw_score=True, num_threads=1),
        ],
        times=times,
    )
    few = max(times // 2, 3)
    explained, contributions = measuring.by_turns(
        [
            lambda: scorer.score_one(row),
            lambda: booster.predict(encoded, pred_contrib=True, num_threads=1),
        ],
        times=few,
    )
    return [
        measuring.figure(
            f"{_named(model)}: score_one, PD and score",
            plain * MICROSECONDS,
            "µs",
            peer=(BOOSTER, bare * MICROSECONDS),
            goal="at most 3",
            n=times,
        ),
        measuring.figure(
            f"{_named(model)}: score_one with attributions",
            explained * MICROSECONDS,
            "µs",
            peer=(CONTRIBUTIONS, contributions * MICROSECONDS),
            goal="at most 1.3",
            n=few,
        ),
        *_beside_shap(model, max(times // 10, 3)),
    ]


def _beside_shap(model: Model, times: int) -> list[Figure]:
    """Compare with the usual way: predict_proba on a DataFrame and shap's explainer.

    The peer's trees are as many and as large as ours. The usual way leaves the number of threads
    to LightGBM, which wakes all of them for one row; with one thread, shap asks the very function
    that we ask, so there is little left to gain.
    """
    scorer, row, one = model.scorer, model.row, model.numbers.head(1)
    peers = {"": model.peer(threads=None), ", 1 thread": model.peer(threads=1)}
    calls = [_usual_way(peer, one) for peer in peers.values()]
    own, *usual = measuring.by_turns([lambda: scorer.score_one(row), *calls], times=times)
    return [
        measuring.figure(
            f"{_named(model)}: score_one with attributions",
            own * MICROSECONDS,
            "µs",
            peer=(f"predict_proba on a DataFrame + shap.TreeExplainer{how}", value * MICROSECONDS),
            goal=goal,
            n=times,
        )
        for how, value, goal in zip(peers, usual, ("at most 0.33", "at most 1"), strict=True)
    ]


def _usual_way(peer: LGBMClassifier, one: pd.DataFrame) -> Callable[[], object]:
    explainer = shap.TreeExplainer(peer)
    return lambda: (peer.predict_proba(one), explainer.shap_values(one))


def _card_alone(model: Model, times: int) -> list[Figure]:
    """Compare a scorecard with the sum it comes down to, its weights looked up already."""
    scorer, row, card = model.scorer, model.row, model.scorer.model
    if not isinstance(card, Scorecard):
        raise TypeError("The scorecard is none.")
    shares, ones = card.contributions(model.matrix[:1])[0], np.ones(len(model.row) + 1)
    plain, explained, bare = measuring.by_turns(
        [
            lambda: scorer.score_one(row, explain=False),
            lambda: scorer.score_one(row),
            lambda: 1 / (1 + np.exp(-(shares @ ones))),
        ],
        times=times,
    )
    peer = ("the bare sum in numpy, bins known", bare * MICROSECONDS)
    return [
        measuring.figure(
            f"{_named(model)}: {name}", value * MICROSECONDS, "µs", peer=peer, goal="", n=times
        )
        for name, value in (
            ("score_one, PD and score", plain),
            ("score_one with attributions", explained),
        )
    ]


def _many(
    sized: Model, champion: Model, packed: Artefact, asked: argparse.Namespace
) -> list[Figure]:
    """Compare rows a second with those of the bare trees, and memory with that of the matrix."""
    return [
        _scored(sized, asked.rows),
        _frames_scored(champion, asked.rows),
        _explained(sized, asked.explained),
        _explained(champion, 10 * asked.explained),
        *_memory(champion, packed, asked.rows),
    ]


def _scored(model: Model, rows: int) -> Figure:
    scorer, booster = model.scorer, model.booster
    matrix = np.resize(model.matrix, (rows, model.matrix.shape[1]))
    own, bare = measuring.by_parts(
        [
            lambda part: scorer.score_matrix(matrix[part]),
            lambda part: booster.predict(matrix[part], raw_score=True, num_threads=1),
        ],
        rows=rows,
        parts=PARTS,
    )
    name, peer = f"{_named(model)}: score_matrix", (BOOSTER, bare)
    return measuring.figure(name, own, "rows/s", peer=peer, goal="at least 0.8", n=rows)


def _frames_scored(model: Model, rows: int) -> Figure:
    """Compare a table that is checked and encoded with numbers that are not."""
    scorer, booster, frame, matrix = model.scorer, model.booster, model.frame, model.matrix
    size = len(frame)
    places = np.resize(np.arange(size), rows)
    table, numbers = frame.iloc[places].reset_index(drop=True), matrix[places]
    own, bare = measuring.by_parts(
        [
            lambda part: scorer.score_frame(table.iloc[part]),
            lambda part: booster.predict(numbers[part], raw_score=True, num_threads=1),
        ],
        rows=rows,
        parts=PARTS,
    )
    name, peer = f"{_named(model)}: score_frame", (BOOSTER, bare)
    return measuring.figure(name, own, "rows/s", peer=peer, goal="at least 0.8", n=rows)


def _explained(model: Model, rows: int) -> Figure:
    scorer, booster = model.scorer, model.booster
    matrix = np.resize(model.matrix, (rows, model.matrix.shape[1]))
    own, bare = measuring.by_parts(
        [
            lambda part: list(scorer.explain_chunks(matrix[part])),
            lambda part: booster.predict(matrix[part], pred_contrib=True, num_threads=1),
        ],
        rows=rows,
        parts=PARTS,
    )
    name, peer = f"{_named(model)}: explain_chunks", (CONTRIBUTIONS, bare)
    return measuring.figure(name, own, "rows/s", peer=peer, goal="at least 0.8", n=rows)


def _memory(model: Model, packed: Artefact, rows: int) -> list[Figure]:
    """Compare what scoring a table adds to a process's peak with the encoded table itself."""
    whole = rows * model.matrix.shape[1] * model.matrix.itemsize / MEBIBYTE
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        artefact_files.write(packed, path)
        found = {chunk: _memory_of(path, rows, chunk) for chunk in (CHUNK_ROWS, rows)}
    names = {CHUNK_ROWS: f"in chunks of {CHUNK_ROWS:,}", rows: "at once"}
    goals = {CHUNK_ROWS: "at most 0.5", rows: ""}
    return [
        measuring.figure(
            f"memory added by scoring a table {names[chunk]}",
            bytes_ / MEBIBYTE,
            "MiB",
            peer=("the encoded table", whole),
            goal=goals[chunk],
            n=rows,
        )
        for chunk, bytes_ in found.items()
    ]


def _memory_of(path: Path, rows: int, chunk: int) -> int:
    words = [sys.executable, "-m", "benchmarks.ml_memory", str(path), str(rows), str(chunk)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return int(json.loads(done.stdout)["bytes"])


def _named(model: Model) -> str:
    """Return the model's name with its size."""
    facts = model.scorer.model.facts()
    columns = len(model.scorer.schema.names)
    if "trees" not in facts:
        return f"{model.name} ({facts['features']} of {columns} features)"
    return f"{model.name} ({facts['trees']} x {facts['leaves']} x {columns})"


if __name__ == "__main__":
    main()
