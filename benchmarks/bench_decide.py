"""Decide an application by API: score, exact reasons, policy, letter, audit, all stored.

Beside `bare.py` as the limit: the same reads, prediction and rows in the same tables without a
framework or rules, under the same gunicorn with the same requests.
"""

import http.client
import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit, urlunsplit

from django.db import connection
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken

from apps.applications.models import Application
from apps.audit import services as audit
from apps.decisions import services as decisions
from benchmarks import lender, measuring, scratch
from benchmarks.measuring import Figure
from creditrisk.local import demo, places, processes, supervisor
from ml.artefact import Artefact

ROUNDS = 5
# How many requests a round sends, by the number of clients.
EACH = {1: 60, 8: 160, 32: 160}
# Every connection of either server has met each statement by then, and planned it.
WARM_UP = 160
MILLISECONDS = 1_000


@dataclass
class Timing:
    """Seconds of every request, and requests a second of each round."""

    seconds: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """Half of the requests were faster; milliseconds."""
        return median(self.seconds) * MILLISECONDS

    @property
    def p95(self) -> float:
        """All but one in twenty were faster; milliseconds."""
        return quantiles(self.seconds, n=20)[-1] * MILLISECONDS

    @property
    def p99(self) -> float:
        """All but one in a hundred were faster; milliseconds."""
        return quantiles(self.seconds, n=100)[-1] * MILLISECONDS


@dataclass(frozen=True)
class Served:
    """A server under measurement: where it listens, and how a decision is asked for."""

    port: int
    path: str
    headers: dict[str, str]

    def decide(self, waiting: list[str], *, clients: int, timing: Timing | None = None) -> None:
        """Ask for a decision on each application, from several clients at once."""
        shares = [waiting[place::clients] for place in range(clients)]
        began = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            found = [seconds for share in pool.map(self._client, shares) for seconds in share]
        if timing is not None:
            timing.seconds += found
            timing.rates.append(len(found) / (time.perf_counter() - began))

    def _client(self, share: list[str]) -> list[float]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        found = []
        for key in share:
            began = time.perf_counter()
            line.request("POST", self.path.format(key), headers=self.headers)
            answer = line.getresponse()
            body = answer.read()
            found.append(time.perf_counter() - began)
            if answer.status != http.HTTPStatus.OK:
                raise AssertionError(f"{self.path}: {answer.status} {body[:300]!r}")
        line.close()
        return found


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", rounds=ROUNDS)
    with scratch.database() as name, tempfile.TemporaryDirectory() as folder:
        packed = lender.trained()
        officer = lender.set_up(packed)
        # Both decide applications of their own.
        needed = 2 * (asked.rounds * sum(EACH.values()) + len(EACH) * WARM_UP)
        waiting = lender.submitted(officer, needed + 1)
        variables = _variables(name, Path(folder), packed, sample=waiting.pop())
        token = RefreshToken.for_user(officer).access_token
        with (
            _serving(variables, "creditrisk.wsgi") as own_port,
            _serving(variables, "bare") as bare_port,
        ):
            own = Served(
                own_port,
                "/api/v1/applications/{}/decide",
                {"Authorization": f"Bearer {token}", "Content-Length": "0"},
            )
            bare = Served(bare_port, "/{}", {"Content-Length": "0"})
            figures = _measured(own, bare, waiting, asked.rounds)
        server = scratch.server()
    measuring.report("Deciding by API", figures, on=server, recorded=asked.record)


def _measured(own: Served, bare: Served, waiting: list[str], rounds: int) -> list[Figure]:
    """Take both by turns, alone and with many clients at once."""
    figures = []
    for clients, each in EACH.items():
        ours, limit = Timing(), Timing()
        for server in (own, bare):
            server.decide([waiting.pop() for _ in range(WARM_UP)], clients=clients)
        for _ in range(rounds):
            for server, timing in ((own, ours), (bare, limit)):
                batch = [waiting.pop() for _ in range(each)]
                server.decide(batch, clients=clients, timing=timing)
        figures += _figures(clients, ours, limit)
    return figures


def _figures(clients: int, ours: Timing, limit: Timing) -> list[Figure]:
    at, peer, n = f"c={clients}", "bare WSGI", len(ours.seconds)
    return [
        measuring.figure(
            f"decide, {at}, p50", ours.p50, "ms", peer=(peer, limit.p50), goal="at most 3", n=n
        ),
        measuring.figure(
            f"decide, {at}, p95", ours.p95, "ms", peer=(peer, limit.p95), goal="", n=n
        ),
        measuring.figure(
            f"decide, {at}, p99", ours.p99, "ms", peer=(peer, limit.p99), goal="", n=n
        ),
        measuring.figure(
            f"decide, {at}, throughput",
            median(ours.rates),
            "requests/s",
            peer=(peer, median(limit.rates)),
            goal="at least 0.35",
            n=n,
        ),
    ]


def _variables(name: str, folder: Path, packed: Artefact, *, sample: str) -> dict[str, str]:
    """Return the servers' environment: our database, and for the limit the rows to write."""
    model = folder / "model.txt"
    model.write_text(packed.body)
    parts = urlsplit(os.environ["DATABASE_URL"])
    return {
        **os.environ,
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}")),
        "OMP_NUM_THREADS": "1",
        "LOG_LEVEL": "WARNING",
        "BARE_MODEL": str(model),
        "BARE_SAMPLE": json.dumps({"application": sample, "tables": _written_for(sample)}),
    }


def _written_for(key: str) -> dict[str, str]:
    """Decide one application and return, by table, the condition that finds what that wrote."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        [before] = cursor.fetchone()
        now = timezone.now()
        decisions.assess(application_id=key, actor=audit.system("benchmark"), now=now)
        written = f"xmin::text::bigint > {before}"
        tables = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {written}")  # noqa: S608 - own names
            if cursor.fetchone()[0]:
                tables[table] = written
        # Updated, not inserted.
        del tables[Application._meta.db_table]
    return tables


@contextmanager
def _serving(variables: dict[str, str], module: str) -> Iterator[int]:
    """Run gunicorn with the command line of `make demo` for a module of ours; return its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    [web] = [one for one in demo.programs(port) if one.name == "web"]
    command = ["--pythonpath", "benchmarks", "--chdir", str(places.ROOT)]
    words = [module if word == "creditrisk.wsgi" else word for word in web.command]
    log = places.log_file(f"benchmark-{module}")
    with log.open("w") as output:
        server = supervisor.start(supervisor.Program(module, [*words, *command]), variables, output)
    try:
        if not processes.wait_until(lambda: _listens(port), seconds=60.0):
            raise AssertionError(f"{module} does not start; see {log}")
        yield port
    finally:
        server.terminate()
        server.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
