"""A file of ten thousand applications: taken in, scored, decided and lettered by two workers.

Beside a bare limit of the same run: the same cells written by one COPY and the same model asked
once for all of them, without identities, checks, reasons, letters or an audit trail.
"""

import csv
import io
import itertools
import os
import subprocess
import sys
import time
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.bulk import services
from apps.bulk.models import Upload
from apps.bulk.tests import factories
from apps.core.table_formats import Format
from apps.letters.models import Letter
from benchmarks import lender, measuring, scratch
from benchmarks.measuring import Figure
from ml import artefact, synthetic
from ml.application_schema import SCHEMA
from ml.artefact import Artefact

ROWS = 10_000
WORKERS = 2
# A fifth of the file first, so that memory can be seen to stay.
PART = 5
GOAL_SECONDS = 180
_DAY = date(2024, 6, 3)
WORKER = """
import resource, sys
import django
django.setup()
from apps.bulk import services
from apps.core import jobs
from django.utils import timezone
# No broker in a benchmark: what would be sent is done here or is not part of it.
jobs.send_by(lambda task, arguments: None)
while services.advance(upload_id=sys.argv[1], now=timezone.now()):
    pass
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)
"""


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", rows=ROWS, workers=WORKERS)
    with scratch.database() as name:
        packed = lender.trained()
        officer = lender.set_up(packed)
        part = _file(range(asked.rows // PART))
        whole = _file(range(asked.rows // PART, asked.rows // PART + asked.rows))
        few = _taken_in(officer, part, name, asked.workers)
        many = _taken_in(officer, whole, name, asked.workers)
        bare = _bare(whole, packed)
        server = scratch.server()
    figures = _figures(few, many, bare, rows=asked.rows)
    measuring.report("A file of applications", figures, on=server, recorded=asked.record)


class Taken:
    """Seconds of each part, processor seconds of the workers, the most memory one held (bytes)."""

    def __init__(self) -> None:
        self.received = self.checked = self.decided = self.processor = 0.0
        self.peak = 0


def _taken_in(officer: User, content: bytes, database: str, workers: int) -> Taken:
    """Return how a file went, from its upload to the last letter."""
    found, began = Taken(), time.perf_counter()
    upload, _is_new = services.receive(
        actor=officer,
        branch=officer.branch,
        source="Benchmark",
        filename="benchmark.csv",
        stream=io.BytesIO(content),
        form=Format(),
        now=timezone.now(),
    )
    found.received = time.perf_counter() - began
    services.ask_check(actor=officer, upload=upload)
    began = time.perf_counter()
    services.check(upload_id=upload.pk, now=timezone.now())
    found.checked = time.perf_counter() - began
    upload.refresh_from_db()
    services.start(actor=officer, upload=upload, now=timezone.now())
    began = time.perf_counter()
    used = _worked(upload, database, workers)
    found.peak = max(memory for memory, _seconds in used)
    found.processor = sum(seconds for _memory, seconds in used)
    while services.advance(upload_id=upload.pk, now=timezone.now()):
        pass
    found.decided = time.perf_counter() - began
    _require_whole(upload)
    return found


def _worked(upload: Upload, database: str, workers: int) -> list[tuple[int, float]]:
    """Let workers take the file in; return the most bytes each held, and its processor seconds."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{database}"))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(upload.pk)],
            env={**os.environ, "DATABASE_URL": url, "OMP_NUM_THREADS": "1"},
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _worker in range(workers)
    ]
    said = [process.communicate()[0].strip() for process in processes]
    if any(process.returncode for process in processes):
        raise AssertionError("A worker broke.")
    last = [text.splitlines()[-1].split() for text in said]
    return [(int(memory) * 1024, float(seconds)) for memory, seconds in last]


def _require_whole(upload: Upload) -> None:
    """Raise AssertionError unless every row was taken in, decided and, where due, lettered."""
    upload.refresh_from_db()
    taken = upload.rows.filter(state="accepted").count()
    open_still = upload.rows.filter(application__status="submitted").count()
    unset = Letter.objects.filter(rendered_at=None).count()
    if (upload.status, taken, open_still, unset) != ("finished", upload.total_rows, 0, 0):
        raise AssertionError(f"{upload.status}: {taken} taken in, {open_still} open, {unset} unset")


def _file(serials: range) -> bytes:
    """Return a file about as many different people, as their lender would see them in a month."""
    yesterday = (timezone.now() - timedelta(days=1)).date().isoformat()
    days = ("consent_given_on", "income_as_of", "no_obligations_on", "bureau_pulled_on")
    amounts = itertools.cycle(range(50_000, 1_000_000, 7_500))
    incomes = itertools.cycle(range(240_000, 1_800_000, 65_000))
    rows = []
    for serial in serials:
        gross = next(incomes)
        net = str(gross // 15)
        rows.append(
            factories.row(
                serial,
                product="in-personal",
                amount=str(next(amounts)),
                gross_annual_income=str(gross),
                net_monthly_income=net,
                documented_net_monthly_income=net,
                bureau_score=str(550 + serial % 300),
                delinquencies_24m=str(serial % 11 // 9),
                **dict.fromkeys(days, yesterday),
            )
        )
    return factories.written(rows)


def _bare(content: bytes, packed: Artefact) -> float:
    """Return seconds of one COPY of the cells and one prediction for all rows."""
    table = list(csv.reader(io.StringIO(content.decode())))
    drawn: dict[str, Any] = {"rows": len(table) - 1, "seed": 5, "start": _DAY, "end": _DAY}
    frame = synthetic.generate(synthetic.MARKETS["in-retail"], **drawn)
    model = artefact.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        names = ", ".join(f'"{name}" text' for name in table[0])
        cursor.execute(f"CREATE TEMPORARY TABLE bare ({names})")
        lines = io.StringIO("\n".join("\t".join(cells) for cells in table[1:]) + "\n")
        cursor.copy_expert("COPY bare FROM STDIN", lines)
    model.score_frame(frame[list(SCHEMA.names)])
    return time.perf_counter() - began


def _figures(few: Taken, many: Taken, bare: float, *, rows: int) -> list[Figure]:
    goal = ("goal", GOAL_SECONDS * rows / ROWS)
    total = many.received + many.checked + many.decided
    limit = ("COPY and predict", rows / bare)
    return [
        measuring.figure(
            "taken in, decided, lettered", many.decided, "s", peer=goal, goal="ratio < 1", n=rows
        ),
        measuring.figure("with upload and dry run", total, "s", peer=goal, goal="", n=rows),
        measuring.figure(
            "decided and lettered", rows / many.decided, "rows/s", peer=limit, goal="", n=rows
        ),
        measuring.figure(
            "checked in a dry run", rows / many.checked, "rows/s", peer=limit, goal="", n=rows
        ),
        measuring.figure("received", rows / many.received, "rows/s", peer=limit, goal="", n=rows),
        measuring.figure(
            "processor time of the workers",
            many.processor / rows * 1_000,
            "ms/row",
            peer=("both cores for the goal", GOAL_SECONDS * WORKERS / ROWS * 1_000),
            goal="ratio < 1",
            n=rows,
        ),
        measuring.figure(
            "most memory of a worker",
            many.peak / 2**20,
            "MiB",
            peer=("a fifth of the rows", few.peak / 2**20),
            goal="ratio < 1.1",
            n=rows,
        ),
    ]


if __name__ == "__main__":
    main()
