"""Decisions a second of `replay_decision --all`, beside the least that deriving them anew costs.

The limit reads the same rows with psycopg2 and asks the trees for margins and exact attributions
of the matrix; it parses no policy, compares nothing and opens no letter.
"""

import itertools
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from statistics import median
from urllib.parse import urlsplit, urlunsplit

import lightgbm
import numpy as np
import psycopg2
from django.utils import timezone

from apps.audit import services as audit
from apps.decisions import services as decisions
from apps.decisions.models import Decision
from apps.decisions.services import replaying, spreading
from apps.letters import services as letters
from benchmarks import lender, measuring, scratch
from ml.application_schema import SCHEMA
from ml.artefact import Artefact

ROUNDS = 5
WORKERS = 2
# From loans everybody gets to such as nobody gets.
AMOUNTS = range(50_000, 800_000, 7_500)
_READ = """
    SELECT decision.*, run.*, letter.*, product.code, application.currency
    FROM decisions_decision decision
    JOIN applications_application application ON application.id = decision.application_id
    JOIN products_product product ON product.id = application.product_id
    LEFT JOIN scoring_scorerun run ON run.id = decision.score_run_id
    LEFT JOIN letters_letter letter ON letter.id = decision.letter_id
    WHERE decision.id = ANY(%s::uuid[])
"""


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", decisions=500)
    with scratch.database() as name:
        packed = lender.trained()
        keys = _decided(packed, asked.decisions)
        batches = [list(one) for one in _parts(keys)]
        own, bare = _by_turns(partial(_replayed, batches), _bare(name, packed, batches))
        shared = _shared(batches)
        server = scratch.server()
    limit = ("read + trees, one process", len(keys) / median(bare))
    figures = [
        measuring.figure(
            f"replay, {label}",
            rate,
            "decisions/s",
            peer=limit,
            goal=goal,
            n=len(keys),
        )
        for label, rate, goal in (
            ("one process", len(keys) / median(own), ""),
            (f"{WORKERS} processes", shared, "at least 500 decisions/s"),
        )
    ]
    measuring.report("Replaying decisions", figures, on=server, recorded=asked.record)


def _decided(packed: Artefact, count: int) -> list[uuid.UUID]:
    """Return decisions with their letters frozen."""
    officer = lender.set_up(packed)
    for key in lender.submitted(officer, count, amounts=AMOUNTS):
        made = decisions.assess(
            application_id=key, actor=audit.system("benchmark"), now=timezone.now()
        )
        if made.letter_id is not None:
            letters.render(letter_id=made.letter_id, now=timezone.now())
    return list(Decision.objects.order_by("-decided_at").values_list("pk", flat=True))


def _parts(keys: list[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    return (keys[at : at + replaying.BATCH] for at in range(0, len(keys), replaying.BATCH))


def _by_turns(*calls: Callable[[], object]) -> list[list[float]]:
    """Return the seconds of every round of each; the first round warms up."""
    found: list[list[float]] = [[] for _ in calls]
    for number, (place, call) in itertools.product(range(ROUNDS + 1), enumerate(calls)):
        began = time.perf_counter()
        call()
        if number:
            found[place].append(time.perf_counter() - began)
    return found


def _replayed(batches: list[list[uuid.UUID]], *, workers: int = 1) -> int:
    """Replay everything; a difference ends the benchmark."""
    count = 0
    for answers in spreading.answers(batches, workers=workers, thorough=False):
        different = [one for one in answers if one[1]]
        if different:
            raise AssertionError(f"{different[0]} does not come out the same.")
        count += len(answers)
    return count


def _shared(batches: list[list[uuid.UUID]]) -> float:
    """Return the decisions a second of several processes once all of them work."""
    warm, measured = WORKERS * 2, ROUNDS * len(batches) * WORKERS
    stream = spreading.answers(
        itertools.islice(itertools.cycle(batches), warm + measured),
        workers=WORKERS,
        thorough=False,
    )
    for _ in range(warm):
        next(stream)
    began = time.perf_counter()
    count = sum(len(answers) for answers in stream)
    return count / (time.perf_counter() - began)


def _bare(name: str, packed: Artefact, batches: list[list[uuid.UUID]]) -> Callable[[], object]:
    parts = urlsplit(os.environ["DATABASE_URL"])
    address = urlunsplit(parts._replace(path=f"/{name}"))
    booster = lightgbm.Booster(model_str=packed.body)

    def read_and_predict() -> None:
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            for keys in batches:
                cursor.execute(_READ, [[str(key) for key in keys]])
                place = [column.name for column in cursor.description].index("features")
                rows = [row[place] for row in cursor.fetchall() if row[place] is not None]
                matrix = np.array([SCHEMA.to_matrix_row(row) for row in rows])
                booster.predict(matrix, raw_score=True, num_threads=1)
                booster.predict(matrix, pred_contrib=True, num_threads=1)

    return read_and_predict


if __name__ == "__main__":
    main()
