"""kill -9 of a process in the middle of an assessment: the sweep finds it, one decision is made."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.decisions import services
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories
from apps.letters.models import Letter
from apps.scoring.models import ScoreRun
from creditrisk.local import places

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NOW = factories.NOW
# The process stands still at the named place for the kill; the place is inside the transaction.
WORKER = """
import importlib, sys, time
import django
django.setup()
from apps.decisions import services
from django.utils.dateparse import parse_datetime

application, module, name, now = sys.argv[1:]

def stand_still(*arguments, **known):
    print("standing still", flush=True)
    time.sleep(60)

setattr(importlib.import_module(module), name, stand_still)
services.assess(application_id=application, actor="system:worker", now=parse_datetime(now))
"""


@pytest.fixture
def killed() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes of a test; none is left behind."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def _database_url() -> str:
    """Return the address of the database of this very test."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def _kill_at(place: str, application: Application, started: list[subprocess.Popen[str]]) -> None:
    """Let a worker of its own assess the application, and kill it when it reaches the place."""
    module, _dot, name = place.rpartition(".")
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(application.pk), module, name, NOW.isoformat()],
        env={**os.environ, "DATABASE_URL": _database_url()},
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    started.append(process)
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert any("standing still" in line for line in lines), "the worker never came that far"
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=10) == -signal.SIGKILL


@pytest.mark.parametrize(
    "place",
    [
        # While the model scores, before the switch is read, and when the decision is written.
        "apps.scoring.services.score",
        "apps.decisions.services.automating.hold_back",
        "apps.decisions.fingerprint.of_decision",
    ],
)
def test_it_is_picked_up_again_and_decided_once(
    alice: User,
    pune: Branch,
    rita: User,
    mark: User,
    killed: list[subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    factories.stage(pune, rita, mark)
    application = factories.submitted(alice)
    sent: list[Any] = []
    monkeypatch.setattr(
        "apps.decisions.services.sweeping.enqueue",
        lambda task, **arguments: sent.append((task, arguments)),
    )

    _kill_at(place, application, killed)

    application.refresh_from_db()
    assert (application.status, application.score_run) == ("submitted", None)
    assert not any(each.objects.exists() for each in (Decision, ScoreRun, Letter, ReviewCase))
    assert services.sweep(now=NOW + timedelta(minutes=1)) == (1, 0)
    [(task, arguments)] = sent
    assert task == "decisions.assess"
    decision = services.assess(**arguments, actor="system:worker", now=NOW)
    assert services.assess(**arguments, actor="system:worker", now=NOW) == decision
    application.refresh_from_db()
    assert (application.status, decision.outcome) == ("approved", "approve")
    made = [each.objects.count() for each in (Decision, ScoreRun, Letter)]
    assert made == [1, 1, 1]
    assert Event.objects.filter(verb__startswith="decisions.approved").count() == 1
    assert services.sweep(now=NOW + timedelta(minutes=2)) == (0, 0)
