"""Workers that are killed while a challenger or a shadow scores: one decision, one score.

Not beside the other tests of trials: what they commit empties the database, and the tests of
governance share one worker and its models.
"""

import os
import signal
import subprocess
import sys
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.decisions import services as deciding
from apps.decisions import sources
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories as decisions
from apps.governance.tests import trial_factories as factories
from apps.scoring import arms, champion
from apps.scoring import services as scoring
from apps.scoring.models import Draw, Placement, ShadowScore
from creditrisk.local import places

NOW = factories.NOW


@pytest.fixture(autouse=True)
def _known_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_sources", {"tests": decisions.nobody_defaulted})
    champion.forget()


def _assess(application: Application, **changes: Any) -> Decision:
    values = {"application_id": application.pk, "actor": "system:test", "now": NOW, **changes}
    return deciding.assess(**values)


def _in_arm(
    arm: str, alice: User, *, share: Decimal = factories.HALF, **changes: Any
) -> Application:
    """Return a submitted application that the running challenger's seed draws into an arm."""
    seed = Placement.objects.filter(ended_at=None, kind="challenger").get().seed
    for _number in range(60):
        found = decisions.submitted(alice, **changes)
        case = f"applications.application:{found.pk}"
        if arms.arm_of(case, seed=seed, share=share) == arm:
            return found
    raise AssertionError("No application fell into the arm.")


CHALLENGING = """
import sys, time
import django
django.setup()
from apps.decisions import services, sources
from apps.scoring.services import scoring
from django.utils.dateparse import parse_datetime

def stand_still(*arguments, **known):
    print("standing still", flush=True)
    time.sleep(60)

scoring.keep_all = stand_still
services.assess(
    application_id=sys.argv[1], actor="system:worker", now=parse_datetime(sys.argv[2])
)
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_a_challenger_scores_leaves_the_case_to_one_decision(
    pune: Branch, rita: User, mark: User, alice: User
) -> None:
    factories.stage(pune, rita, mark)
    trial = factories.running(rita, mark, "challenger")
    application = _in_arm("challenger", alice)
    parts = urlsplit(os.environ["DATABASE_URL"])
    address = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    process = subprocess.Popen(
        [sys.executable, "-c", CHALLENGING, str(application.pk), NOW.isoformat()],
        env={**os.environ, "DATABASE_URL": address},
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("standing still" in line for line in lines)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
    assert not Draw.objects.exists()
    assert not Decision.objects.exists()

    decision = _assess(application)

    assert (decision.score_run.model, Draw.objects.count()) == (trial.model, 1)


SHADOWING = """
import sys, time
import django
django.setup()
from apps.scoring import services
from apps.scoring.services import shadowing
from django.utils.dateparse import parse_datetime

def stand_still(*arguments, **known):
    print("standing still", flush=True)
    time.sleep(60)

shadowing._scores = stand_still
services.score_waiting(now=parse_datetime(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_before_it_scored_leaves_it_to_the_next(
    pune: Branch, rita: User, mark: User, alice: User
) -> None:
    factories.stage(pune, rita, mark)
    factories.running(rita, mark, "shadow")
    decision = decisions.assessed(alice)
    parts = urlsplit(os.environ["DATABASE_URL"])
    address = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    process = subprocess.Popen(
        [sys.executable, "-c", SHADOWING, NOW.isoformat()],
        env={**os.environ, "DATABASE_URL": address},
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("standing still" in line for line in lines)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    assert not ShadowScore.objects.exists()
    assert scoring.score_waiting(now=NOW) == 1
    assert scoring.score_waiting(now=NOW) == 0
    assert ShadowScore.objects.get().run_id == decision.score_run_id
    assert not ReviewCase.objects.exists()
