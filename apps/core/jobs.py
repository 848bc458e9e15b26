"""Enqueue work by name, after the transaction has committed."""

from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

logger = structlog.get_logger(__name__)


def enqueue(task: str, **arguments: Any) -> None:
    """Send `task` to a worker once the present transaction commits; nothing on rollback.

    The database is the queue of record: when the broker does not answer, the message is logged
    and dropped, and the minute's sweep finds the row that waits.
    """
    transaction.on_commit(lambda: _send(task, arguments))


def _send(task: str, arguments: dict[str, Any]) -> None:
    try:
        current_app.send_task(task, kwargs=arguments)
    except (BrokerError, ConnectionError, OSError) as error:
        logger.warning("job_left_to_sweep", task=task, error=type(error).__name__)
