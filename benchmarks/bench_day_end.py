"""The day-end over loan books of 36 instalments each, beside a full scan of their instalments.

Two days are ended by the command in a process of its own; the second, which has yesterday's
snapshots, is measured. Beside it somebody takes what a payment takes, again and again, so that the
longest wait is known. The whole is told in processor seconds of the server as well, which hardly
grow where others load the machine.

A larger book is measured as well with `--loans 1000000`, in half an hour or less: it fills 30 GB of
disk, which are free again afterwards. What was done is told on the error stream, table by table.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median

from django.db import connection, transaction

from apps.npa.models import DayEnd
from benchmarks import day_ends, loan_book, measuring, scratch
from benchmarks.day_ends import Ran

SIZES = (10_000, 100_000)
_SCANS = 5
# Disk that a loan with 36 instalments, its journal and two days take up, and room to sort.
_BYTES = 32_000
# The least that processor time is told in.
_TICK = 0.01


@dataclass(frozen=True)
class Measured:
    """What ending a day of one book took, in seconds, beside the scan of its instalments."""

    loans: int
    scan: float
    scan_processor: float
    stages: dict[str, float]
    ran: Ran
    wait: float
    processor: float
    classes_processor: float

    @property
    def whole(self) -> float:
        """All stages together."""
        return sum(self.stages.values())

    @property
    def classes(self) -> float:
        """Classes, provisions and the snapshot."""
        return self.stages["classify"]


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", loans=0)
    sizes = (*SIZES, asked.loans) if asked.loans else SIZES
    _require_room(max(sizes))
    found = []
    server = ""
    for size in sizes:
        with scratch.database() as name:
            found.append(_measured(size, name))
            server = scratch.server()
    measuring.report(
        "The end of a day",
        _figures(found),
        on=server,
        recorded=asked.record,
        command="make bench-day-end ARGS='--loans 1000000'",
    )


def _require_room(loans: int) -> None:
    """Stop before anything is built where the server's disk has no room for it."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
    # A server of another machine keeps its own disk.
    if not folder.is_dir():
        return
    free, asked = shutil.disk_usage(folder).free, loans * _BYTES
    if free < asked:
        sys.exit(f"{asked / 1e9:.0f} GB are needed for {loans:,} loans, and {free / 1e9:.0f} free.")


def _measured(size: int, name: str) -> Measured:
    with _told(size, "book built"):
        book = loan_book.build(size, told=lambda what: _told(size, what))
        day_ends.rules()
    entity = book.entity
    for days in (1, 2):
        # As autovacuum would have by then.
        with _told(size, "vacuumed"), connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        with _told(size, f"day {days} ended"), day_ends.watching(name, entity) as watched:
            ran = day_ends.run(name, entity.code, book.day + timedelta(days=days))
    ended = DayEnd.objects.get(entity=entity, day=book.day + timedelta(days=2))
    stages = {one: float(said["seconds"]) for one, said in ended.stages.items()}
    scan, scan_processor = _scan()
    return Measured(
        loans=size,
        scan=scan,
        scan_processor=scan_processor,
        stages=stages,
        ran=ran,
        wait=watched.longest,
        processor=watched.processor,
        classes_processor=watched.stages.get("classify", 0.0),
    )


@contextmanager
def _told(loans: int, what: str) -> Iterator[None]:
    """Say on the error stream what was done, how long it took and how large the database is."""
    began = time.perf_counter()
    yield
    took = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        size = cursor.fetchone()[0]
    print(f"# {loans:,} loans: {what} in {took:.0f} s, {size}", file=sys.stderr, flush=True)


def _scan() -> tuple[float, float]:
    """Return the seconds of one full scan of the instalments, and those of its processor.

    The limit for whoever reads them.
    """
    times, processors = [], []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute("SET LOCAL enable_indexonlyscan = off")
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
        for _ in range(_SCANS):
            began, before = time.perf_counter(), day_ends.processor(backend)
            cursor.execute("SELECT sum(paid_principal), min(due_date) FROM loans_instalment")
            times.append(time.perf_counter() - began)
            processors.append(day_ends.processor(backend) - before)
    # A clock of hundredths of a second: the mean tells more of short scans than the median.
    return median(times[1:]), max(fmean(processors[1:]), _TICK)


def _figures(found: Sequence[Measured]) -> list[measuring.Figure]:
    figures = [figure for one in found for figure in [*_times(one), *_limits(one)]]
    return [*figures, *_growth(found)]


def _times(one: Measured) -> list[measuring.Figure]:
    """Return what the day-end took, all of it and by stage, beside the scan."""
    scan = ("full scan of the instalments", one.scan)
    processor = ("the scan's processor time", one.scan_processor)
    loans = f"{one.loans:,} loans"
    classes, whole = "at most 4 times the scan", "at most 15 times the scan"
    told = [
        (f"classes, provisions, snapshot of {loans}", one.classes, scan, classes),
        (
            f"classes, provisions, snapshot of {loans}, processor of the server",
            one.classes_processor,
            processor,
            classes,
        ),
        (f"whole day-end of {loans}", one.whole, scan, whole),
        (f"whole day-end of {loans}, processor of the server", one.processor, processor, whole),
        *((f"stage {stage}, {loans}", seconds, scan, "") for stage, seconds in one.stages.items()),
    ]
    return [
        measuring.figure(name, value, "s", peer=peer, goal=goal, n=1)
        for name, value, peer, goal in told
    ]


def _limits(one: Measured) -> list[measuring.Figure]:
    """Return what the worker held, and how long a payment waited."""
    return [
        measuring.figure(
            f"memory of the worker, {one.loans:,} loans",
            one.ran.memory,
            "MB",
            peer=("allowed", 300.0),
            goal="under 300 MB",
            n=1,
        ),
        measuring.figure(
            f"longest wait of a payment, {one.loans:,} loans",
            one.wait * 1000,
            "ms",
            peer=("allowed", 200.0),
            goal="under 200 ms",
            n=1,
        ),
    ]


def _growth(found: Sequence[Measured]) -> list[measuring.Figure]:
    return [
        measuring.figure(
            f"growth from {small.loans:,} to {large.loans:,} loans",
            large.whole,
            "s",
            peer=("the smaller book", small.whole),
            goal=f"at most {1.1 * large.loans / small.loans:.0f} times",
            n=1,
        )
        for small, large in pairwise(found)
    ]


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditrisk.settings")
    django.setup()
    main()
