"""Processes that outlive the command that started them: launch, recognise, stop."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from creditrisk.local import accounts

# Kept so that Python does not warn about children that are meant to live on.
_launched: list[subprocess.Popen[bytes]] = []


def launch(
    command: Sequence[str], *, log: Path, account: accounts.Account | None = None
) -> subprocess.Popen[bytes]:
    """Starts a server in a session of its own, so that Ctrl-C in our terminal spares it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
            **accounts.as_account(account),
        )
    _launched.append(process)
    return process


def is_alive(pid: int) -> bool:
    """Says whether a process with this id runs; one that ended as our own child does not."""
    with suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_program(pid: int, *names: str) -> bool:
    """Says whether the living process is one of the named programs.

    After a crash or a reboot the id in a pid file may belong to an unrelated process.
    Without /proc (not Linux) a living process is taken at its file's word.
    """
    if not is_alive(pid):
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return not Path("/proc/self").exists()
    program = Path(os.fsdecode(words[0]).split(" ")[0]).name
    return any(program.startswith(name) for name in names)


def stop(pid: int, *signals: signal.Signals, seconds: float = 20.0) -> bool:
    """Sends each signal in turn until the process is gone; returns whether it is."""
    for number in signals:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(lambda: not is_alive(pid), seconds=seconds):
            return True
    return not is_alive(pid)


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Asks every 20 ms until the condition holds; returns False once the time is over."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def last_lines(log: Path, *, count: int = 8) -> str:
    """Returns the end of a log, for a message to the person who has to act on it."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
