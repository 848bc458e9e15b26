"""Servers under measurement: the same gunicorn for ours and a bare limit, and timed requests."""

import http.client
import os
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from urllib.parse import urlsplit, urlunsplit

from creditrisk.local import demo, places, processes, supervisor

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
class Sent:
    """One POST: its path, and its body."""

    path: str
    body: bytes = b""


@dataclass(frozen=True)
class Served:
    """A server under measurement: where it listens, and what every request says."""

    port: int
    headers: dict[str, str]

    def answer(self, sent: Sequence[Sent], *, clients: int, timing: Timing | None = None) -> None:
        """Send requests from several clients at once. Raises AssertionError for a failure."""
        shares = [sent[place::clients] for place in range(clients)]
        began = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            found = [seconds for share in pool.map(self._client, shares) for seconds in share]
        if timing is not None:
            timing.seconds += found
            timing.rates.append(len(found) / (time.perf_counter() - began))

    def _client(self, share: Sequence[Sent]) -> list[float]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        found = []
        for one in share:
            began = time.perf_counter()
            line.request("POST", one.path, body=one.body, headers=self.headers)
            answer = line.getresponse()
            body = answer.read()
            found.append(time.perf_counter() - began)
            if answer.status != http.HTTPStatus.OK:
                raise AssertionError(f"{one.path}: {answer.status} {body[:300]!r}")
        line.close()
        return found


def variables(name: str, **more: str) -> dict[str, str]:
    """Return the environment of a server on a benchmark's database."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return {
        **os.environ,
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}")),
        "OMP_NUM_THREADS": "1",
        "LOG_LEVEL": "WARNING",
        **more,
    }


@contextmanager
def serving(environment: dict[str, str], module: str) -> Iterator[int]:
    """Run gunicorn with the command line of `make demo` for a module of ours; return its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    [web] = [one for one in demo.programs(port) if one.name == "web"]
    command = ["--pythonpath", "benchmarks", "--chdir", str(places.ROOT)]
    words = [module if word == "creditrisk.wsgi" else word for word in web.command]
    log = places.log_file(f"benchmark-{module}")
    with log.open("w") as output:
        program = supervisor.Program(module, [*words, *command])
        server = supervisor.start(program, environment, output)
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
