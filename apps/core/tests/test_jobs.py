"""Work is sent by name after the commit; a broker that is down costs a minute, never a change."""

from typing import Any

import pytest
from celery import Celery, current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.core import jobs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    messages: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, kwargs: messages.append((name, kwargs))
    )
    return messages


def test_it_sends_after_the_commit(sent: list[object]) -> None:
    with transaction.atomic():
        jobs.enqueue("audit.seal", number=1)
        assert sent == []

    assert sent == [("audit.seal", {"number": 1})]


def test_it_sends_nothing_on_rollback(sent: list[object]) -> None:
    with transaction.atomic():
        jobs.enqueue("audit.seal")
        transaction.set_rollback(True)

    assert sent == []


def test_it_sends_nothing_of_a_part_that_was_rolled_back(sent: list[object]) -> None:
    with transaction.atomic():
        jobs.enqueue("audit.seal", part="outer")
        with transaction.atomic():
            jobs.enqueue("audit.seal", part="inner")
            transaction.set_rollback(True)

    assert sent == [("audit.seal", {"part": "outer"})]


@pytest.mark.parametrize("error", [OperationalError, ConnectionError, TimeoutError])
def test_it_logs_a_broker_that_is_down_and_does_not_raise(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    def fail(name: str, kwargs: dict[str, Any]) -> None:
        raise error

    monkeypatch.setattr(current_app, "send_task", fail)

    jobs.enqueue("audit.seal", number=1)

    assert "job_left_to_sweep" in caplog.text
    assert "audit.seal" in caplog.text


def test_it_does_not_hide_our_own_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, kwargs: dict[str, Any]) -> None:
        raise KeyError(name)

    monkeypatch.setattr(current_app, "send_task", fail)

    with pytest.raises(KeyError):
        jobs.enqueue("audit.seal")


def test_it_survives_a_broker_that_is_really_not_there(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Celery prefers this variable to what it is told.
    monkeypatch.delenv("CELERY_BROKER_URL")
    lonely = Celery("lonely", broker="redis://127.0.0.1:1/0", set_as_current=False)
    lonely.conf.task_publish_retry_policy = {"max_retries": 0}
    monkeypatch.setattr(jobs, "current_app", lonely)

    jobs.enqueue("audit.seal")

    assert "job_left_to_sweep" in caplog.text
