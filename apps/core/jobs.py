"""Enqueue work by name, after the transaction has committed."""

from collections.abc import Callable, Iterator
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
    and dropped, and the minute's sweep finds the row that waits. Where messages go out behind the
    answer (`apps.core.outbox`), those of one task whose only argument is a list are joined.
    """
    transaction.on_commit(lambda: _dispatch(task, arguments))


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


def send_by(carry: Callable[[str, dict[str, Any]], None]) -> None:
    """Give messages to `carry` from now on in this process, instead of sending them at once."""
    global _carry  # noqa: PLW0603 - decided once, where the process begins
    _carry = carry


def _dispatch(task: str, arguments: dict[str, Any]) -> None:
    if task != _done_here.get():
        _carry(task, arguments)


def send(task: str, arguments: dict[str, Any]) -> None:
    """Send a message at once; a broker that does not answer is logged."""
    try:
        current_app.send_task(task, kwargs=arguments)
    except (BrokerError, ConnectionError, OSError) as error:
        logger.warning("job_left_to_sweep", task=task, error=type(error).__name__)


_carry: Callable[[str, dict[str, Any]], None] = send
