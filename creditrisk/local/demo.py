"""The demonstration: services, preparation, then web, worker and beat until Ctrl-C."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from creditrisk.local import environment, places, postgres, processes, services, steps, supervisor
from creditrisk.local.errors import LocalError

_DEFAULT_PORT = 8000
_QUEUES = "decisions,batch,training"
# Lines that come by themselves every few seconds and say that nothing happened; failures stay.
_HEALTH = r"GET /api/v1/health 200"
_HEARTBEAT = r"Task \w+\.(seal|sweep|release_lapsed)\[\S+ (received|succeeded)"
_PATIENCE_SECONDS = 60.0
_RUNNING = places.VAR / "demo.lock"
# What `make demo-reset` deletes beside the database; tests keep theirs.
_DATA = ("redis", "static", "demo.env", "demo-sign-ins.txt")
_SCHEDULE = "celerybeat-schedule"  # beat adds endings of its own


def serve(database: str = postgres.DATABASE) -> int:
    """Runs the demo in this terminal until it is stopped; returns the exit status.

    Raises LocalError if it runs already, a service does not start or the port is taken.
    """
    began = time.monotonic()
    port = free_port()
    with _only_one(), _services(database) as running:
        variables = environment.for_demo(running)
        # Letters carry links to the applicant's own pages.
        variables.setdefault("PUBLIC_ADDRESS", f"http://localhost:{port}")
        _prepare(running, variables)
        guard = supervisor.Supervisor(
            programs(port),
            environment=variables,
            missing_services=running.stopped,
        )
        return guard.run(
            is_ready=_once_ready(port, guard.log),
            when_ready=lambda: guard.log.plain(_welcome(port, time.monotonic() - began)),
        )


def real(tape: Path, arguments: Sequence[str] = ()) -> int:
    """Imports, trains, scores and reports on a real loan tape; returns the exit status.

    In a database of its own, through a real worker; `arguments` go to the command demo_real.
    Raises LocalError if the tape is not there.
    """
    if not tape.is_file():
        raise LocalError(f"There is no loan tape {tape}; run `make demo-real TAPE=path/to/file`.")
    command = [sys.executable, "manage.py", "demo_real", "--tape", str(tape.resolve())]
    command += arguments
    with _only_one(), _services(postgres.REAL_DATABASE) as running:
        variables = environment.for_demo(running)
        _prepare(running, variables)
        status = _run_beside_worker(command, variables)
    if status == 0:
        print("Look at it in the browser: make demo DATABASE=" + postgres.REAL_DATABASE)
    return status


def stop() -> bool:
    """Stops a demo that runs in another terminal; returns whether there was one."""
    pid = _running_demo()
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    if not processes.wait_until(lambda: _running_demo() is None, seconds=60.0):
        raise LocalError(f"The demo (process {pid}) does not stop.")
    return True


def reset() -> None:
    """Stops the demo and deletes its data."""
    stop()
    services.stop("demo")
    server = postgres.cluster("demo", durable=True)
    doomed = [server.data, *server.data.parent.glob(f"{server.data.name}.*")]
    doomed += [*(places.VAR / name for name in _DATA), *places.VAR.glob(f"{_SCHEDULE}*")]
    places.delete(doomed)


def programs(port: int) -> list[supervisor.Program]:
    """Returns web, worker and beat with their command lines; the browser tests run the same."""
    run = [sys.executable, "-m"]
    celery = [*run, "celery", "-A", "creditrisk", "--quiet"]
    address = f"{os.environ.get('HOST') or '127.0.0.1'}:{port}"
    web = ["gunicorn", "creditrisk.wsgi", "--worker-class", "gthread", "--preload"]
    web += ["--workers", "2", "--threads", "4", "--bind", address, "--graceful-timeout", "5"]
    # Three offers side by side make the longest address of ours.
    web += ["--log-level", "warning", "--no-control-socket", "--limit-request-line", "8190"]
    web += ["--logger-class", "creditrisk.access_log.AccessLog"]
    web += ["--access-logfile", "-", "--access-logformat", "%(m)s %(U)s %(s)s in %(M)s ms"]
    beat = ["beat", "--loglevel", "WARNING", "--pidfile="]
    beat += ["--schedule", str(places.VAR / _SCHEDULE)]
    return [
        supervisor.Program("web", [*run, *web], hush=_HEALTH),
        supervisor.Program("worker", [*celery, *_worker_arguments()], hush=_HEARTBEAT),
        supervisor.Program("beat", [*celery, *beat]),
    ]


def _worker_arguments() -> list[str]:
    arguments = ["worker", "--loglevel", "INFO", "--queues", _QUEUES, "--concurrency", "2"]
    return [*arguments, "--without-gossip", "--without-mingle"]


@contextlib.contextmanager
def _services(database: str) -> Iterator[services.Services]:
    """Runs the services for as long as the block does; they stop last, after their users."""
    print("Starting PostgreSQL and Redis ...", flush=True)
    running = services.start("demo", given=os.environ, database=database)
    try:
        yield running
    finally:
        stopped = services.stop_these(running)
        print(f"Stopped {' and '.join(stopped)}." if stopped else "Stopped.", flush=True)


def _prepare(running: services.Services, variables: dict[str, str]) -> None:
    """Runs the preparing steps, unless they ran on this very database with the same files."""
    stamp, state = _stamp(running)
    if stamp and stamp.exists() and stamp.read_text() == state and steps.SIGN_INS.exists():
        return
    is_real = running.postgres and running.postgres.database == postgres.REAL_DATABASE
    command = [sys.executable, "-m", "creditrisk.local.steps", "base" if is_real else "all"]
    done = subprocess.run(command, check=False, env=variables, cwd=places.ROOT)
    if done.returncode != 0:
        raise LocalError("The demo could not be prepared; the reason stands above.")
    if stamp:
        stamp.write_text(state)


def _stamp(running: services.Services) -> tuple[Path | None, str]:
    """Returns the file that remembers a finished preparation, and what it must hold.

    None for a database of the person's own: who knows what happened to it meanwhile.
    """
    server = running.postgres
    if server is None:
        return None, ""
    made = (server.data / "PG_VERSION").stat().st_mtime_ns
    stamp = server.data.with_name(f"{server.data.name}.{server.database}.prepared")
    return stamp, f"{made}:{steps.fingerprint()}"


def _run_beside_worker(command: Sequence[str], variables: dict[str, str]) -> int:
    """Runs a command while a worker serves its tasks; the worker's log goes to a file."""
    log = places.log_file("worker")
    worker_command = [sys.executable, "-m", "celery", "-A", "creditrisk", *_worker_arguments()]
    print(f"The worker's log is {log}.", flush=True)
    with log.open("a") as output:
        worker = supervisor.start(supervisor.Program("worker", worker_command), variables, output)
    main = subprocess.Popen(command, env=variables, cwd=places.ROOT)
    try:
        while main.poll() is None:
            if worker.poll() is not None:
                main.terminate()
                end = processes.last_lines(log)
                raise LocalError(f"The worker ended unexpectedly; its log ends with:\n{end}")
            time.sleep(0.2)
    finally:
        main.wait()
        worker.terminate()
        worker.wait()
    return main.returncode


def free_port() -> int:
    """Returns PORT, or the first free one from 8000 where the person named none."""
    named = os.environ.get("PORT", "")
    if named and not named.isdigit():
        raise LocalError(f"PORT must be a number, not {named!r}.")
    candidates = [int(named)] if named else range(_DEFAULT_PORT, _DEFAULT_PORT + 20)
    for port in candidates:
        if _is_free(port):
            return port
    raise LocalError(f"Port {named or _DEFAULT_PORT} is taken: run `make demo PORT=8080`.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _once_ready(port: int, log: supervisor.Log) -> Callable[[], bool]:
    """Returns a check that is true once the web process answers; says so if that takes too long.

    A thread does the asking: the first request makes Django load everything, and the supervisor
    must meanwhile hear signals. It starts with the first check, when all children are forked.
    """
    answered = threading.Event()
    asking = threading.Thread(target=_ask, args=(port, answered), daemon=True)
    late = [time.monotonic() + _PATIENCE_SECONDS]

    def check() -> bool:
        if not asking.ident:
            asking.start()
        if late and time.monotonic() > late[0]:
            log.line("system", f"web has not answered for {_PATIENCE_SECONDS:.0f} s; still trying.")
            late.clear()
        return answered.is_set()

    return check


def _ask(port: int, answered: threading.Event) -> None:
    """Sets the event when the health page is there."""
    while not answered.is_set():
        with contextlib.suppress(OSError):  # refused, reset, timed out or not (yet) a 200
            address = f"http://127.0.0.1:{port}/api/v1/health"
            urllib.request.urlopen(address, timeout=_PATIENCE_SECONDS).close()
            answered.set()
        time.sleep(0.2)


def _welcome(port: int, seconds: float) -> str:
    return (
        f"\nCreditRisk is ready after {seconds:.0f} s: http://localhost:{port}\n\n"
        f"{steps.SIGN_INS.read_text().strip()}\n\n"
        "Ctrl-C stops everything and keeps the data; `make demo-reset` starts over.\n"
    )


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Holds the lock that marks this checkout's demo as running, with our process id in it."""
    places.VAR.mkdir(parents=True, exist_ok=True)
    with _RUNNING.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError("The demo runs already; `make stop` stops it.") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)


def _running_demo() -> int | None:
    try:
        with _RUNNING.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        text = _RUNNING.read_text()
        return int(text) if text.isdigit() else None
    return None
