"""Web, worker and beat in one terminal: readable logs, one Ctrl-C, nothing left behind."""

import io
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

from creditrisk.local import places, processes, supervisor

Check = Callable[[], bool]


def program(name: str, code: str) -> supervisor.Program:
    """A Python program from a few lines."""
    return supervisor.Program(name, [sys.executable, "-c", textwrap.dedent(code)])


def run(
    *programs: supervisor.Program,
    is_ready: Check = lambda: False,
    when_ready: Callable[[], None] = lambda: None,
    missing: Callable[[], list[str]] = list,
    grace_seconds: float = 10.0,
) -> tuple[int, list[str]]:
    """The exit status and the lines of the log, without their times."""
    output = io.StringIO()
    guard = supervisor.Supervisor(
        programs,
        environment=os.environ,
        missing_services=missing,
        grace_seconds=grace_seconds,
        output=output,
    )
    status = guard.run(is_ready=is_ready, when_ready=when_ready)
    return status, [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in output.getvalue().split("\n")]


def interrupt() -> None:
    """What Ctrl-C does."""
    os.kill(os.getpid(), signal.SIGINT)


SLEEPER = "import time; print('up', flush=True); time.sleep(60)"


def test_it_prefixes_every_line_with_its_program() -> None:
    talker = program("web", "print('one'); print('two'); import time; time.sleep(60)")
    quiet = program("worker", "import sys; print('of the worker', file=sys.stderr); " + SLEEPER)

    status, lines = run(talker, quiet, is_ready=after(1.0), when_ready=interrupt)

    assert status == 0
    assert {"web    | one", "web    | two", "worker | of the worker", "worker | up"} <= set(lines)
    assert "system | SIGINT: stopping ..." in lines


def test_it_says_what_ended_by_itself_and_stops_the_rest(tmp_path: Path) -> None:
    mark = tmp_path / "stopped"
    crashing = program("worker", "import time; time.sleep(0.5); raise SystemExit(3)")
    polite = program(
        "web",
        f"""
        import pathlib, signal, sys, time
        def stop(number, frame):
            pathlib.Path({str(mark)!r}).write_text("cleanly")
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        time.sleep(60)
        """,
    )

    status, lines = run(crashing, polite)

    assert status == 1
    assert "worker ended unexpectedly (status 3); everything else was stopped." in lines[-2]
    assert mark.read_text() == "cleanly"


def test_it_names_the_signal_that_killed_a_program() -> None:
    killed = program("web", "import os; os.kill(os.getpid(), 9)")

    status, lines = run(killed)

    assert status == 1
    assert "web ended unexpectedly (signal SIGKILL)" in lines[-2]


def test_it_stops_when_a_service_is_gone() -> None:
    status, lines = run(program("web", SLEEPER), missing=lambda: ["PostgreSQL"])

    assert status == 1
    assert "PostgreSQL stopped unexpectedly" in lines[-2]


def test_it_kills_what_does_not_stop_and_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    stubborn = program(
        "web",
        f"""
        import os, pathlib, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        pathlib.Path({str(pids)!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
        time.sleep(60)
        """,
    )

    status, _ = run(stubborn, is_ready=pids.exists, when_ready=interrupt, grace_seconds=0.5)

    assert status == 0
    assert processes.wait_until(
        lambda: all(is_gone(int(pid)) for pid in pids.read_text().split()), seconds=5
    )


def test_it_kills_at_once_after_a_second_signal() -> None:
    stubborn = program(
        "web", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
    )
    threading.Timer(2.0, interrupt).start()
    began = time.monotonic()

    run(stubborn, is_ready=after(0.5), when_ready=interrupt, grace_seconds=30.0)

    assert time.monotonic() - began < 10


def test_it_leaves_no_program_behind_when_it_is_killed_outright(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"""
    from creditrisk.local import supervisor
    import os, sys
    child = "import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    guard = supervisor.Supervisor(
        [supervisor.Program("web", [sys.executable, "-c", child])],
        environment=os.environ,
        missing_services=list,
    )
    guard.run(is_ready=lambda: False, when_ready=lambda: None)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=places.ROOT)
    assert processes.wait_until(
        lambda: pid_file.exists() and pid_file.read_text() != "", seconds=20
    )
    child = int(pid_file.read_text())

    parent.kill()
    parent.wait()

    assert processes.wait_until(lambda: is_gone(child), seconds=5)


def after(seconds: float) -> Check:
    """A check that says yes once some time has passed."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


def is_gone(pid: int) -> bool:
    """Whether a process has ended, even if nobody has collected it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
