"""Prepares the demo: one table of management commands, run in order in one process.

`python -m creditrisk.local.steps all|base` with the demo's environment; each may run again.
"""

import contextlib
import gc
import hashlib
import io
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import django
from django.core.management import CommandError, call_command

from creditrisk.local import places

SIGN_INS = places.VAR / "demo-sign-ins.txt"


@dataclass(frozen=True)
class Step:
    """What the person reads, and the management command that does it."""

    sentence: str
    command: str
    arguments: tuple[str, ...] = ()


BASE = (
    Step("Creating the tables", "migrate", ("--no-input", "--verbosity=0")),
    Step("Synchronising roles and permissions", "sync_roles"),
    Step("Loading the loan products", "load_products"),
    Step("Loading the credit policy", "load_policy"),
    Step("Loading the list of reasons", "load_reason_codes"),
    Step("Loading the service levels of the review queue", "load_service_levels"),
    Step("Loading when borrowers are reminded", "load_reminder_plans"),
    Step("Loading the rules of classes and provisions", "load_classification_rules"),
    Step("Collecting static files", "collectstatic", ("--no-input", "--verbosity=0")),
)
PORTFOLIO = (
    Step("Generating the demo portfolio", "seed_demo"),
    Step("Training and registering the first champions", "train_champion"),
    Step("Taking today's applications", "seed_today"),
    Step("Drafting policies and trying one on past loans", "seed_underway"),
    Step("Judging a sample of automatic decisions blindly", "seed_quality"),
    Step("Taking what borrowers of past months repay", "seed_repaid"),
    Step("Ending the days of the last weeks", "seed_day_ends"),
    Step("Working on overdue loans", "seed_collected"),
    Step("Measuring what is expected to be lost", "seed_losses"),
)
PLANS = {"base": BASE, "all": (*BASE, *PORTFOLIO)}

# What the steps read: while none of it has changed, a prepared database stays prepared.
_INPUTS = ("apps", "creditrisk", "fixtures", "ml", "static", "requirements.txt")


def fingerprint() -> str:
    """Returns a digest of names, sizes and times of every file the steps depend on."""
    digest = hashlib.sha256()
    for file in sorted(_input_files()):
        state = file.stat()
        digest.update(f"{file}:{state.st_size}:{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def run(plan: str) -> int:
    """Runs the plan's commands and keeps the sign-ins; returns 1 at the first that refuses."""
    django.setup()
    # Each migration leaves models of its own that stay: garbage is looked for less often.
    gc.set_threshold(200_000, 20, 100)
    for number, step in enumerate(PLANS[plan], start=1):
        print(f"[{number}/{len(PLANS[plan])}] {step.sentence} ...", flush=True)
        began = time.monotonic()
        try:
            call_command(step.command, *step.arguments)
        except CommandError as problem:
            print(f"{step.command} refused: {problem}", file=sys.stderr)
            return 1
        print(f"      done in {time.monotonic() - began:.1f} s", flush=True)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        call_command("demo_sign_ins", stdout=said)
    SIGN_INS.touch(mode=0o600)
    SIGN_INS.write_text(said.getvalue())
    return 0


def _input_files() -> Iterator[Path]:
    for name in _INPUTS:
        path = places.ROOT / name
        files = [path] if path.is_file() else path.rglob("*")
        for file in files:
            if file.is_file() and not {"tests", "__pycache__"} & set(file.parts):
                yield file


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
