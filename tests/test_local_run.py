"""A command with the tests' services keeps them running while it lives."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from creditrisk.local import __main__ as program
from creditrisk.local import environment, places, services, slots


def test_a_command_holds_a_slot_while_it_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[bool] = []

    def command(words: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        seen.append(slots.are_all_free())
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(places, "VAR", tmp_path)
    monkeypatch.setattr(services, "start", lambda *_given, **_options: None)
    monkeypatch.setattr(environment, "for_tests", lambda _running: {})
    monkeypatch.setattr(subprocess, "run", command)
    monkeypatch.setattr(sys, "argv", ["creditrisk.local", "run", "test", "--", "true"])
    before = slots.are_all_free()

    program.main()

    assert (before, seen) == (True, [False])
