"""A stop and decisions at the same moment: after the stop no machine's outcome commits."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.core.errors import DomainError
from apps.decisions import services
from apps.decisions.models import AutomationStop, Decision
from apps.decisions.services import automating, recording
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

pytestmark = pytest.mark.django_db(transaction=True)
NOW = factories.NOW
# Of this database alone: the tests beside these wait for locks in databases of their own.
WAITS = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
"""


class Gate:
    """Holds whoever comes to it until it is opened."""

    def __init__(self) -> None:
        self.reached, self._opened = threading.Event(), threading.Event()

    def pass_through(self) -> None:
        self.reached.set()
        assert self._opened.wait(timeout=20), "nobody opened the gate"

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def beside() -> Iterator[Callable[..., Future[Any]]]:
    """Run something on a connection of its own."""
    with ThreadPoolExecutor(4) as pool:

        def start(action: Callable[[], Any]) -> Future[Any]:
            def run() -> Any:
                try:
                    return action()
                finally:
                    connection.close()

            return pool.submit(run)

        yield start


def _stop(charlie: User) -> AutomationStop:
    return services.stop_automation(actor=charlie, entity=None, reason="Wrong.", now=NOW)


def _assess(application: Application) -> Decision:
    return services.assess(application_id=application.pk, actor="system:test", now=NOW)


def _waiting(number: int) -> bool:
    """Say whether so many connections wait for the switch's lock, asking for up to ten seconds."""
    for _attempt in range(200):
        with connection.cursor() as cursor:
            cursor.execute(WAITS)
            if cursor.fetchone()[0] == number:
                return True
        threading.Event().wait(0.05)
    return False


def _hold(monkeypatch: pytest.MonkeyPatch, application: Application) -> Gate:
    """Keep the assessment of an application between its look at the switch and its commit."""
    gate, record = Gate(), recording.record

    def slow(**known: Any) -> Decision:
        made = record(**known)
        if known["application"].pk == application.pk:
            gate.pass_through()
        return made

    monkeypatch.setattr(recording, "record", slow)
    return gate


def test_a_stop_waits_for_the_decision_being_written_and_later_ones_wait_for_the_stop(
    alice: User,
    charlie: User,
    pune: Branch,
    rita: User,
    mark: User,
    beside: Callable[..., Future[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.stage(pune, rita, mark)
    early, late = factories.submitted(alice), factories.submitted(alice)
    gate = _hold(monkeypatch, early)

    first = beside(lambda: _assess(early))
    assert gate.reached.wait(timeout=20)
    stopping = beside(lambda: _stop(charlie))
    assert _waiting(1)
    # Those who share the lock must not go past the one who waits to have it alone.
    second = beside(lambda: _assess(late))
    assert _waiting(2)
    assert not Decision.objects.exists()
    gate.open()

    assert first.result(timeout=20).outcome == "approve"
    assert stopping.result(timeout=20).status == "stopped"
    held_back = second.result(timeout=20)
    assert (held_back.outcome, held_back.failure) == ("refer", "automation_stopped")
    assert Decision.objects.filter(outcome="approve").count() == 1


def test_a_decision_waits_for_a_stop_that_is_being_written(
    alice: User,
    charlie: User,
    pune: Branch,
    rita: User,
    mark: User,
    beside: Callable[..., Future[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.stage(pune, rita, mark)
    application = factories.submitted(alice)
    gate, record = Gate(), automating.audit.record

    def slow(actor: Any, verb: str, *rest: Any, **facts: Any) -> Any:
        if verb == "decisions.automation_stopped":
            gate.pass_through()
        return record(actor, verb, *rest, **facts)

    monkeypatch.setattr(automating.audit, "record", slow)
    stopping = beside(lambda: _stop(charlie))
    assert gate.reached.wait(timeout=20)
    deciding = beside(lambda: _assess(application))
    assert _waiting(1)
    gate.open()

    stop = stopping.result(timeout=20)
    decision = deciding.result(timeout=20)
    assert decision.outcome == "refer"
    assert decision.reasons[0]["value"] == str(stop.pk)


def test_two_who_stop_at_once_stop_once(
    charlie: User, mark: User, beside: Callable[..., Future[Any]]
) -> None:
    gate = threading.Barrier(2)

    def stop(actor: User) -> AutomationStop:
        gate.wait(timeout=10)
        return _stop(actor)

    both = [beside(lambda one=one: stop(one)) for one in (charlie, mark)]

    first, second = (one.result(timeout=20) for one in both)
    assert first == second
    assert AutomationStop.objects.count() == 1


def test_of_a_confirmation_and_a_refusal_at_once_one_wins(
    charlie: User, mark: User, rita: User, beside: Callable[..., Future[Any]]
) -> None:
    stop = services.ask_restart(actor=rita, stop=_stop(charlie), note="Mended.", now=NOW)
    gate = threading.Barrier(2)

    def at_once(service: Callable[..., Any], **known: Any) -> object:
        gate.wait(timeout=10)
        try:
            return service(stop=stop, **known)
        except DomainError as refusal:
            return refusal

    confirming = beside(lambda: at_once(services.restart_automation, actor=mark, now=NOW))
    refusing = beside(lambda: at_once(services.keep_stopped, actor=charlie))

    results = [confirming.result(timeout=20), refusing.result(timeout=20)]
    refused = [one for one in results if isinstance(one, DomainError)]
    stop.refresh_from_db()
    assert len(refused) == 1
    assert stop.status == ("stopped" if refused[0] is results[0] else "ended")
    assert ModelVersion.objects.count() == 0
