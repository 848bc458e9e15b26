"""What benchmark and kill test of day-ends share: rules, runs as processes, waits of payments."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from math import nan
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.conf import settings
from django.db import connection

from apps.accounts.models import Entity
from apps.ledger.models.bounds import CLOSING_LOCK
from apps.npa import services

# What a payment takes before it writes: its loan, and the right to post into an open day.
_PAYMENT = (
    "SELECT id FROM loans_loan WHERE id = %s FOR NO KEY UPDATE",
    f"SELECT pg_advisory_xact_lock_shared({CLOSING_LOCK}, hashtext(%s))",
)
_LOANS = 5_000
# Seconds between two looks at the memory of a process.
_OFTEN = 0.05
# Who works for others in the database; nobody else's vacuum is work of the day.
_BACKENDS = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
        AND backend_type IN ('client backend', 'parallel worker') AND pid <> pg_backend_pid()
"""
_STAGE = "SELECT progress ->> 'stage' FROM npa_dayend ORDER BY day DESC LIMIT 1"


@dataclass(frozen=True)
class Ran:
    """A run of the command: how long it took, and the most memory its process held, in MB."""

    seconds: float
    memory: float


def rules() -> None:
    """Load the rule tables that come with the program, for the lenders that are here."""
    content = json.loads(
        (Path(settings.BASE_DIR) / "fixtures/classification_rules.json").read_text()
    )
    here = set(Entity.objects.values_list("code", flat=True))
    content["lenders"] = [one for one in content["lenders"] if one["entity"] in here]
    services.load_rules(actor="system:benchmark", data=content)


def address(name: str) -> str:
    """Return the address of another database of the same server."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def start(
    name: str, entity: str, day: date, *, until: date | None = None
) -> subprocess.Popen[bytes]:
    """Start the command for a lender's days in a process of its own, on a database."""
    until = until or day
    words = ("--entity", entity, "--date", day.isoformat(), "--until", until.isoformat())
    return command(name, "day_end", *words)


def command(name: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a command of the program in a process of its own, on a database."""
    environment = {**os.environ, "DATABASE_URL": address(name)}
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def run(name: str, entity: str, day: date) -> Ran:
    """Run the command to its end. Raises AssertionError with what it said where it failed."""
    words = ("--entity", entity, "--date", day.isoformat(), "--until", day.isoformat())
    return weighed(name, "day_end", *words)


def weighed(name: str, *words: str) -> Ran:
    """Run a command of the program to its end. Raises AssertionError as running a day-end does."""
    began = time.perf_counter()
    process = command(name, *words)
    peaks: list[float] = []
    thread = threading.Thread(target=_weigh, args=(process, peaks))
    thread.start()
    said = process.stdout.read() if process.stdout else b""
    failed = process.wait()
    took = time.perf_counter() - began
    thread.join()
    if failed:
        raise AssertionError(said.decode())
    return Ran(took, max(peaks, default=nan))


def _weigh(process: subprocess.Popen[bytes], peaks: list[float]) -> None:
    """Note the most memory that a process held so far, in MB, until it ends.

    What the system says of one that has ended is no use: it begins with the memory of whoever
    started it.
    """
    while process.poll() is None:
        peaks.extend(_peak(process.pid))
        time.sleep(_OFTEN)


def _peak(process: int) -> list[float]:
    """Return the most memory, in MB, that a process of this machine held; empty where untold."""
    try:
        said = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return []
    found = [line.split()[1] for line in said.splitlines() if line.startswith("VmHWM:")]
    return [int(kilobytes) / 1024 for kilobytes in found]


@dataclass
class Watched:
    """The longest time, in seconds, that a payment had to wait for what it takes first.

    `backends` are the processor seconds of each backend that worked for others meanwhile, as far as
    this machine runs the server; others may load the machine, and these stay what they are.
    `stages` are they by the stage in which it was seen that they had passed.
    """

    longest: float = 0.0
    asked: int = 0
    backends: dict[int, float] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def processor(self) -> float:
        """Seconds of the server's processors, all backends together."""
        return sum(self.backends.values())


@contextmanager
def watching(name: str, entity: Entity) -> Iterator[Watched]:
    """Take what a payment takes, of one loan after the other, while something else runs."""
    watched = Watched()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM loans_loan ORDER BY md5(id::text) LIMIT %s", [_LOANS])
        loans = [key for (key,) in cursor.fetchall()]
    thread = threading.Thread(target=_watch, args=(watched, name, str(entity.pk), loans))
    thread.start()
    try:
        yield watched
    finally:
        watched.ended.set()
        thread.join()


def _watch(watched: Watched, name: str, entity: str, loans: list[object]) -> None:
    with closing(psycopg2.connect(address(name))) as line, line.cursor() as cursor:
        while not watched.ended.wait(0.01):
            loan = loans[watched.asked % len(loans)]
            began = time.perf_counter()
            cursor.execute(_PAYMENT[0], [loan])
            cursor.execute(_PAYMENT[1], [entity])
            watched.longest = max(watched.longest, time.perf_counter() - began)
            line.rollback()
            watched.asked += 1
            _note(watched, cursor)
            line.rollback()


def _note(watched: Watched, cursor: Any) -> None:
    """Note how long the server's processors worked for others, and in which stage that was."""
    before = watched.processor
    cursor.execute(_BACKENDS)
    for (backend,) in cursor.fetchall():
        watched.backends[backend] = processor(backend)
    cursor.execute(_STAGE)
    for (stage,) in cursor.fetchall():
        name = stage or ""
        watched.stages[name] = watched.stages.get(name, 0) + watched.processor - before


def processor(backend: int) -> float:
    """Return the processor seconds a process of this machine took; 0 where there is none.

    By the scheduler's clock, which counts billionths, where the system keeps it; else hundredths.
    """
    place = Path(f"/proc/{backend}")
    try:
        return int((place / "schedstat").read_text().split()[0]) / 1e9
    except OSError:
        pass
    try:
        said = (place / "stat").read_text()
    except OSError:
        return 0.0
    user, system = said.rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
