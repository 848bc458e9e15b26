"""The day-end over loan books of 36 instalments each, beside a full scan of their instalments.

Two days are ended by the command in a process of its own; the second, which has yesterday's
snapshots, is measured. Beside it somebody takes what a payment takes, again and again, so that the
longest wait is known. A larger book is measured with `--loans 1000000`.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from statistics import median

from django.db import connection, transaction

from apps.npa.models import DayEnd
from benchmarks import day_ends, loan_book, measuring, scratch
from benchmarks.day_ends import Ran

SIZES = (10_000, 100_000)
_SCANS = 5


@dataclass(frozen=True)
class Measured:
    """What ending a day of one book took, in seconds, beside the scan of its instalments."""

    loans: int
    scan: float
    stages: dict[str, float]
    ran: Ran
    wait: float

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


def _measured(size: int, name: str) -> Measured:
    book = loan_book.build(size)
    day_ends.rules()
    entity = book.entity
    for days in (1, 2):
        # As autovacuum would have by then.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        with day_ends.watching(name, entity) as watched:
            ran = day_ends.run(name, entity.code, book.day + timedelta(days=days))
    ended = DayEnd.objects.get(entity=entity, day=book.day + timedelta(days=2))
    stages = {one: float(said["seconds"]) for one, said in ended.stages.items()}
    return Measured(size, _scan(), stages, ran, watched.longest)


def _scan() -> float:
    """Return the seconds of one full scan of the instalments: the limit for whoever reads them."""
    times = []
    for _ in range(_SCANS):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            cursor.execute("SET LOCAL enable_indexonlyscan = off")
            began = time.perf_counter()
            cursor.execute("SELECT sum(paid_principal), min(due_date) FROM loans_instalment")
            times.append(time.perf_counter() - began)
    return median(times[1:])


def _figures(found: Sequence[Measured]) -> list[measuring.Figure]:
    figures = []
    for one in found:
        scan = ("full scan of the instalments", one.scan)
        figures += [
            measuring.figure(
                f"classes, provisions, snapshot of {one.loans:,} loans",
                one.classes,
                "s",
                peer=scan,
                goal="at most 4 times the scan",
                n=1,
            ),
            measuring.figure(
                f"whole day-end of {one.loans:,} loans",
                one.whole,
                "s",
                peer=scan,
                goal="at most 15 times the scan",
                n=1,
            ),
            *(
                measuring.figure(
                    f"stage {stage}, {one.loans:,} loans", seconds, "s", peer=scan, goal="", n=1
                )
                for stage, seconds in one.stages.items()
            ),
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
    return [*figures, *_growth(found)]


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
