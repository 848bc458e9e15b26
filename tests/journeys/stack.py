"""The whole system for a run of journeys: a database of its own, gunicorn, a Celery worker."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from creditrisk.local import (
    demo,
    environment,
    keys,
    places,
    processes,
    pytest_plugin,
    redis,
    services,
    slots,
    supervisor,
)
from tests import migrated

_PATIENCE_SECONDS = 120.0
_WORLD = "import django; django.setup(); from tests.journeys import {0}; {0}.{1}(*{2})"


class Stack:
    """Running processes, where they answer, and what their database held at first."""

    def __init__(self, folder: Path, *, ready: str = "ready", logs: str = "journeys") -> None:
        self._ready = ready
        self._logs = logs
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = _environment(folder)
        self.made: dict[str, Any] = {}
        self._children: dict[str, subprocess.Popen[str]] = {}

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Returns the rows of a query, read beside the processes under test."""
        with (
            closing(psycopg2.connect(self.environment["DATABASE_URL"])) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values)
            return cursor.fetchall()

    def world(self, wish: str, *arguments: int, of: str = "world") -> Any:
        """Runs a function of `world`, or of the module beside it, and returns what it printed."""
        command = [sys.executable, "-c", _WORLD.format(of, wish, arguments)]
        done = subprocess.run(
            command, env=self.environment, cwd=places.ROOT, check=False, text=True, stdout=-1
        )
        assert done.returncode == 0, f"{of}.{wish} ended with {done.returncode}; see above"
        return json.loads(done.stdout.splitlines()[-1])

    def start(self, name: str) -> None:
        """Starts `web` or `worker`, with the very command of `make demo`."""
        [program] = [one for one in demo.programs(self.port) if one.name == name]
        with self.log(name).open("a") as output:
            self._children[name] = supervisor.start(program, self.environment, output)

    def is_running(self, name: str) -> bool:
        """Says whether the program was started and lives."""
        return name in self._children and self._children[name].poll() is None

    def kill(self, name: str) -> None:
        """Ends a program and its children as a power cut would: kill -9, no time for anything."""
        child = self._children.pop(name)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Lets a program and its children stand still inside the block."""
        group = self._children[name].pid
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    def stop(self) -> None:
        """Ends what runs, politely and then for certain."""
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            try:
                child.wait(timeout=10.0)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def log(self, name: str) -> Path:
        """Returns the file a program writes to; it stays after the run."""
        return places.log_file(f"{self._logs}-{name}")

    def pid(self, name: str) -> int:
        """Returns the process of a program that runs; those it started are its children."""
        return self._children[name].pid

    def wait_until_ready(self) -> None:
        """Waits until web has database, broker and champion, and the worker takes tasks."""
        for name, is_ready in (("web", self._web_is_ready), ("worker", self._worker_is_ready)):
            processes.wait_until(
                lambda name=name, is_ready=is_ready: is_ready() or not self.is_running(name),
                seconds=_PATIENCE_SECONDS,
            )
            assert is_ready(), (
                f"{name} is not ready; {self.log(name)} ends with:\n"
                f"{processes.last_lines(self.log(name), count=30)}"
            )

    def _web_is_ready(self) -> bool:
        return _answers(f"{self.url}/api/v1/{self._ready}")

    def _worker_is_ready(self) -> bool:
        return " ready." in self.log("worker").read_text(errors="replace")


@contextmanager
def running(folder: Path, *, of: str = "world") -> Iterator[Stack]:
    """Prepares and starts everything; stops it and drops its database afterwards.

    `of` is the module whose `prepare` fills the database; only `world` has champions.
    """
    stack = Stack(folder) if of == "world" else Stack(folder, ready="health", logs=of)
    with _database(stack.environment["DATABASE_URL"]):
        try:
            stack.made = stack.world("prepare", of=of)
            for name in ("web", "worker"):
                stack.log(name).unlink(missing_ok=True)
                stack.start(name)
            stack.wait_until_ready()
            yield stack
        finally:
            stack.stop()


def _environment(folder: Path) -> dict[str, str]:
    """Returns what the demo's processes get, with secrets, database and folders of our own."""
    broker, cache = _broker_and_cache()
    return {
        **environment.base(),
        **keys.fresh(),
        "CREDITRISK_ENV": "demo",
        "DJANGO_SETTINGS_MODULE": "creditrisk.settings",
        "DATABASE_URL": _named(os.environ["DATABASE_URL"], suffix="_journeys" + _worker()),
        "CELERY_BROKER_URL": broker,
        "CACHE_URL": cache,
        "STATIC_ROOT": str(folder / "static"),
        "DOCUMENT_ROOT": str(folder / "documents"),
        "PYTHONUNBUFFERED": "1",
    }


def _broker_and_cache() -> tuple[str, str]:
    """Returns Redis databases that no test of this run talks to; without ours, the given ones.

    A run uses the first half of its slot's sixteen pairs, for up to eight xdist workers.
    """
    slot = os.environ.get(pytest_plugin.SLOT_VARIABLE)
    if slot is None:
        return os.environ["CELERY_BROKER_URL"], os.environ["CACHE_URL"]
    server = services.start("test").redis
    assert server is not None
    index = int(_worker().removeprefix("gw") or 0)
    broker, cache = slots.redis_numbers(int(slot), f"gw{8 + index % 8}")
    redis.flush(server, broker, cache)
    return server.broker_url(broker), server.cache_url(cache)


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "")


def _named(url: str, *, name: str = "", suffix: str = "") -> str:
    """Returns a database URL with another name, or with something behind the name."""
    parts = urlsplit(url)
    path = f"/{name}" if name else parts.path + suffix
    return urlunsplit(parts._replace(path=path))


@contextmanager
def _database(url: str) -> Iterator[None]:
    """Makes the database anew, its tables copied as other tests do, and drops it afterwards."""
    name = urlsplit(url).path.lstrip("/")
    tables = migrated.template(url)
    _administer(
        url,
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}" TEMPLATE "{tables}"',
    )
    try:
        yield
    finally:
        _administer(url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(url: str, *statements: str) -> None:
    with closing(psycopg2.connect(_named(url, name="postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False
