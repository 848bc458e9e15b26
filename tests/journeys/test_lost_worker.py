"""kill -9 of the worker while applications wait: afterwards each is decided exactly once."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from creditrisk.local import processes
from tests.journeys.stack import Stack
from tests.journeys.world import DRAFTS_IN_NASHIK, PASSWORD

pytestmark = pytest.mark.browser

WAITING = "SELECT count(*) FROM applications_application WHERE status = 'submitted'"
DECIDED = "SELECT count(*) FROM decisions_decision WHERE application_id::text = ANY(%s)"
# For each application: its state, and how many of everything that must be there once.
LEDGER = """
    SELECT application.status,
        (SELECT count(*) FROM decisions_decision d WHERE d.application_id = application.id),
        (SELECT count(*) FROM scoring_scorerun s
            WHERE s.subject = 'applications.application:' || application.id),
        (SELECT count(*) FROM letters_letter l
            WHERE l.case = 'applications.application:' || application.id
            -- A letter on what was missing may have gone before.
            AND l.kind <> 'incomplete' AND l.rendered_at IS NOT NULL),
        (SELECT count(*) FROM audit_event e
            WHERE e.case = 'applications.application:' || application.id
            AND e.verb LIKE 'decisions.%%')
    FROM applications_application application WHERE application.id::text = ANY(%s)
"""
ONCE = ("approved", 1, 1, 1, 1)


@pytest.fixture
def working_again(stack: Stack) -> Iterator[None]:
    """Leaves a worker for the journeys after this one, whatever happens here."""
    yield
    if not stack.is_running("worker"):
        stack.start("worker")


def test_it_decides_each_application_once_though_its_worker_is_killed(
    stack: Stack, working_again: None
) -> None:
    drafts = stack.made["drafts_in_nashik"]
    with stack.paused("worker"):
        _submit_all(stack, drafts)
    assert processes.wait_until(lambda: _count(stack, DECIDED, drafts) > 0, seconds=30.0)

    stack.kill("worker")

    left = _count(stack, WAITING)
    assert 0 < left < DRAFTS_IN_NASHIK
    stack.start("worker")
    # What the killed worker had taken from the broker is found again by the minute's sweep.
    stack.world("sweep")
    assert processes.wait_until(lambda: _settled(stack, drafts), seconds=60.0)
    assert stack.ask(LEDGER, drafts) == [ONCE] * DRAFTS_IN_NASHIK


def _settled(stack: Stack, drafts: list[str]) -> bool:
    return all(row[3] for row in stack.ask(LEDGER, drafts))


def _count(stack: Stack, sql: str, *values: object) -> int:
    [[number]] = stack.ask(sql, *values)
    return int(number)


def _submit_all(stack: Stack, drafts: list[str]) -> None:
    """Submits by API: as many as possible must wait when the worker dies."""
    given = {"email": "nadia@lender.example", "password": PASSWORD}
    token = _post(f"{stack.url}/api/v1/token", given)["access"]
    for draft in drafts:
        _post(f"{stack.url}/api/v1/applications/{draft}/submit", {}, token=token)


def _post(url: str, body: dict[str, str], *, token: str = "") -> Any:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - ours
        return json.load(answer)
