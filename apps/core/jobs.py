"""Enqueue work by name, after the transaction has committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

logger = structlog.get_logger(__name__)
# The task that is not sent because the caller does it; empty outside of `done_here`.
_done_here: ContextVar[str] = ContextVar("done_here", default="")


def enqueue(task: str, **arguments: Any) -> None:
    """Send `task` to a worker once the present transaction commits; nothing on rollback.

    The database is the queue of record: when the broker does not answer, the message is logged
    and dropped, and the minute's sweep finds the row that waits.
    """
    transaction.on_commit(lambda: _send(task, arguments))


@contextmanager
def done_here(task: str) -> Iterator[None]:
    """Send no message for a task inside the block: the caller does the work at once.

    What it leaves undone is found by the sweep, as after a lost message.
    """
    token = _done_here.set(task)
    try:
        yield
    finally:
        _done_here.reset(token)


def _send(task: str, arguments: dict[str, Any]) -> None:
    if task == _done_here.get():
        return
    try:
        current_app.send_task(task, kwargs=arguments)
    except (BrokerError, ConnectionError, OSError) as error:
        logger.warning("job_left_to_sweep", task=task, error=type(error).__name__)
