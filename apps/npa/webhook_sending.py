"""Hand one signed message to a webhook, and say in a word what became of it."""

import http.client
import ssl
from typing import Literal

import structlog

logger = structlog.get_logger(__name__)

Result = Literal["sent", "later", "refused"]
_TIMEOUT_SECONDS = 10
_TOO_EARLY, _TOO_MANY, _TIMED_OUT = 425, 429, 408
_FIRST_OF_SERVER = 500


def post(host: str, path: str, *, headers: dict[str, str], body: bytes) -> Result:
    """Send a message and return what became of it; never raises for the other side's sake.

    Asked are only hosts the operator listed; certificates are checked, no redirection is followed
    and the answer is not read. A message that may have arrived is worth another attempt: it carries
    the same id, by which the receiver knows it again.
    """
    connection = _connection(host)
    try:
        connection.request("POST", path, body=body, headers=headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        logger.warning("webhook_not_sent", host=host, error=type(error).__name__)
        return "later"
    finally:
        connection.close()
    if 200 <= status < 300:
        return "sent"
    logger.warning("webhook_not_taken", host=host, status=status)
    may_pass = status >= _FIRST_OF_SERVER or status in (_TOO_EARLY, _TOO_MANY, _TIMED_OUT)
    return "later" if may_pass else "refused"


def _connection(host: str) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(
        host, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context()
    )
