"""kill -9 of workers in the middle of a file: nothing is lost, nothing is there twice."""

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
from apps.bulk import services
from apps.bulk.models import Upload
from apps.bulk.tests import factories
from apps.customers.models import Customer
from apps.decisions.models import Decision
from apps.decisions.tests import factories as decisions
from apps.letters.models import Letter
from creditrisk.local import places

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NOW = factories.NOW
ROWS = 6
# The process stands still when it comes to the named place for the second time.
WORKER = """
import importlib, sys, time
import django
django.setup()
from apps.bulk import services
from apps.bulk.services import running
from django.utils.dateparse import parse_datetime

upload, module, name, now, together = sys.argv[1:]
running.CHUNK = 2
running.LETTERED = 1 if together == "1" else 2
place = importlib.import_module(module)
real, calls = getattr(place, name), []

def stand_still(*arguments, **known):
    calls.append(1)
    if len(calls) == 3:
        print("standing still", flush=True)
        time.sleep(60)
    return real(*arguments, **known)

setattr(place, name, stand_still)
while services.advance(upload_id=upload, now=parse_datetime(now)):
    pass
print("done", flush=True)
"""


@pytest.fixture
def killed() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes of a test; none is left behind."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def _worker(place: str, upload: Upload, *, together: int = 1) -> subprocess.Popen[str]:
    module, _dot, name = place.rpartition(".")
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            WORKER,
            *map(str, (upload.pk, module, name, NOW.isoformat(), together)),
        ],
        env={**os.environ, "DATABASE_URL": url},
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("place", "together"),
    [
        # Inside the landing of a chunk, between landing and deciding, while one or several are
        # decided, after that but before their letters are set, and while letters are frozen.
        ("apps.bulk.landing._freeze", 1),
        ("apps.decisions.services.assess_each", 1),
        ("apps.decisions.fingerprint.of_decision", 1),
        ("apps.decisions.fingerprint.of_decision", 2),
        ("apps.letters.services.render_each", 1),
        ("apps.letters.services.queueing.queue_all", 1),
    ],
)
def test_it_is_taken_in_once_whatever_is_killed(
    alice: User,
    pune: Branch,
    rita: User,
    mark: User,
    killed: list[subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    together: int,
) -> None:
    decisions.stage(pune, rita, mark)
    upload = factories.started(alice, [factories.row(n) for n in range(1, ROWS + 1)])
    sent: list[Any] = []
    monkeypatch.setattr(
        "apps.bulk.services.running.enqueue", lambda task, **call: sent.append((task, call))
    )
    process = _worker(place, upload, together=together)
    killed.append(process)

    assert process.stdout is not None
    assert any("standing still" in line for line in iter(process.stdout.readline, ""))
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=10) == -signal.SIGKILL

    before = upload.rows.filter(state="accepted").count()
    assert before == Application.objects.count() == Customer.objects.count()
    assert 0 < before < ROWS
    upload.refresh_from_db()
    assert services.sweep(now=upload.updated_at + timedelta(minutes=1)) == 1
    assert sent[0] == ("bulk.run", {"upload_id": str(upload.pk)})
    factories.run(upload)

    assert upload.status == "finished"
    assert upload.rows.filter(state="accepted").count() == ROWS
    made = [each.objects.count() for each in (Application, Customer, Decision, Letter)]
    assert made == [ROWS] * 4
    assert not Application.objects.exclude(status="approved").exists()
    for verb in ("customers.registered", "applications.submitted", "decisions.approved"):
        assert Event.objects.filter(verb=verb).count() == ROWS
    assert services.sweep(now=upload.updated_at + timedelta(hours=1)) == 0


def test_two_workers_at_one_file_share_its_rows(
    alice: User, pune: Branch, rita: User, mark: User, killed: list[subprocess.Popen[str]]
) -> None:
    decisions.stage(pune, rita, mark)
    rows = [factories.row(n) for n in range(1, 9)]
    # Another request of the first person, which a second worker may meet.
    rows.append(factories.row(1, reference="again", amount="50000"))
    upload = factories.started(alice, rows)

    killed += [_worker("apps.bulk.services.running._stop", upload) for _lane in range(2)]
    for process in killed:
        assert process.wait(timeout=120) == 0

    factories.run(upload)
    assert upload.status == "finished"
    assert upload.rows.filter(state="accepted").count() == 9
    made = [each.objects.count() for each in (Application, Customer, Decision, Letter)]
    assert made == [9, 8, 9, 9]
