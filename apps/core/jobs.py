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
# Tasks whose calls are gathered instead of sent, and the calls; None outside of `kept_back`.
_kept: ContextVar[tuple[str, list[dict[str, Any]]] | None] = ContextVar("kept", default=None)


def enqueue(task: str, **arguments: Any) -> None:
    """Send `task` to a worker once the present transaction commits; nothing on rollback.

    The database is the queue of record: when the broker does not answer, the message is logged
    and dropped, and the minute's sweep finds the row that waits.
    """
    transaction.on_commit(lambda: _send(task, arguments))


@contextmanager
def kept_back(task: str) -> Iterator[list[dict[str, Any]]]:
    """Gather the arguments of every call of a task that a block would send.

    For work that does in one go what would be a message each. The caller does them; what it
    leaves undone is left to the sweep, as a lost message is.
    """
    calls: list[dict[str, Any]] = []
    token = _kept.set((task, calls))
    try:
        yield calls
    finally:
        _kept.reset(token)


def _send(task: str, arguments: dict[str, Any]) -> None:
    kept = _kept.get()
    if kept is not None and kept[0] == task:
        kept[1].append(arguments)
        return
    try:
        current_app.send_task(task, kwargs=arguments)
    except (BrokerError, ConnectionError, OSError) as error:
        logger.warning("job_left_to_sweep", task=task, error=type(error).__name__)
