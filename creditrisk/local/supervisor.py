"""Runs several programs in one terminal: prefixed logs, one Ctrl-C, nothing left behind.

Own rather than honcho: that signals a program's whole process group, which kills the children of
Celery's pool in the middle of a task, and it cannot watch the services the programs lean on.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import TextIO

_COLOURS = (36, 33, 32, 35, 34)
# Looked up before any fork: between fork and exec only the bare call is safe.
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TICK_SECONDS = 0.1


@dataclass(frozen=True)
class Program:
    """A name for the log's prefix, the command, and a pattern of lines nobody needs to read."""

    name: str
    command: Sequence[str]
    hush: str = ""


class Log:
    """Writes whole lines, each with time and name; safe to use from several threads."""

    def __init__(self, names: Sequence[str], output: TextIO = sys.stdout) -> None:
        self._output = output
        self._width = max(map(len, names))
        self._lock = threading.Lock()
        coloured = output.isatty() and not os.environ.get("NO_COLOR")
        self._colours = dict(zip(names, _COLOURS, strict=False)) if coloured else {}

    def line(self, name: str, text: str) -> None:
        """Writes one line of a program."""
        prefix = f"{time.strftime('%H:%M:%S')} {name.ljust(self._width)} | "
        colour = self._colours.get(name)
        self.plain(f"\033[{colour}m{prefix}\033[0m{text}" if colour else prefix + text)

    def plain(self, text: str) -> None:
        """Writes a text as it is."""
        with self._lock:
            print(text, file=self._output, flush=True)


class Supervisor:
    """Runs programs until a signal comes, one of them ends, or a service they need is gone.

    `missing_services` names services that ought to run and do not; asked every two seconds.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        environment: Mapping[str, str],
        missing_services: Callable[[], list[str]],
        grace_seconds: float = 15.0,
        output: TextIO = sys.stdout,
    ) -> None:
        self.log = Log(["system", *(program.name for program in programs)], output)
        self._programs = programs
        self._environment = {**environment, "PYTHONUNBUFFERED": "1"}
        self._missing_services = missing_services
        self._grace_seconds = grace_seconds
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []
        self._signal: signal.Signals | None = None
        self._signals_seen = 0

    def run(self, *, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> int:
        """Runs everything; returns 0 after a signal, 1 if something ended by itself.

        `when_ready` is called once, as soon as `is_ready` says yes.
        """
        before = {number: signal.signal(number, self._on_signal) for number in _STOP_SIGNALS}
        try:
            for program in self._programs:
                self._children[program.name] = start(program, self._environment)
            self._read_all()
            failure = self._watch(is_ready, when_ready)
        finally:
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)
        if failure:
            self.log.line("system", failure)
        return 1 if failure else 0

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signal = signal.Signals(number)
        self._signals_seen += 1

    def _read_all(self) -> None:
        for program in self._programs:
            child = self._children[program.name]
            reader = threading.Thread(target=self._read, args=(program, child), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _read(self, program: Program, child: subprocess.Popen[str]) -> None:
        for line in child.stdout or ():
            if not (program.hush and re.search(program.hush, line)):
                self.log.line(program.name, line.rstrip("\n"))

    def _watch(self, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> str:
        """Waits for the end; returns why everything has to stop, or nothing after a signal."""
        ready = False
        next_look = time.monotonic()
        while self._signal is None:
            ended = self._first_ended()
            if ended:
                return ended
            if time.monotonic() >= next_look:
                missing = self._missing_services()
                if missing:
                    return f"{' and '.join(missing)} stopped unexpectedly; see the logs in var/log."
                next_look = time.monotonic() + 2.0
            if not ready and is_ready():
                ready = True
                when_ready()
            time.sleep(_TICK_SECONDS)
        self.log.line("system", f"{self._signal.name}: stopping ...")
        return ""

    def _first_ended(self) -> str:
        for name, child in self._children.items():
            code = child.poll()
            if code is not None:
                how = f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"
                return f"{name} ended unexpectedly ({how}); everything else was stopped."
        return ""

    def _stop_all(self) -> None:
        """Asks every program to end, then kills what is left; a second signal kills at once."""
        seen = self._signals_seen
        for child in self._children.values():
            if child.poll() is None:
                child.terminate()
        until = time.monotonic() + self._grace_seconds
        while time.monotonic() < until and self._signals_seen == seen and self._any_alive():
            time.sleep(_TICK_SECONDS)
        for child in self._children.values():
            # The whole group: a killed parent's workers would otherwise live on.
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        for reader in self._readers:
            reader.join(timeout=2.0)

    def _any_alive(self) -> bool:
        return any(child.poll() is None for child in self._children.values())


def start(
    program: Program, environment: Mapping[str, str], output: int | TextIO = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Starts a program in a session of its own; it ends when we are killed outright."""
    return subprocess.Popen(
        program.command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - a system call, no Python lock is taken
    )


def _end_with_parent() -> None:
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
