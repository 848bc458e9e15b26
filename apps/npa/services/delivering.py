"""Send what waits on its way to who answers for a limit; each is claimed before it is sent.

What is said, and whether it may be, is for the caller: npa of its alerts, and apps above of theirs.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet

from apps.core.errors import StaleRecord
from apps.letters import mailing
from apps.npa import webhook_sending, webhook_signing
from apps.npa.models.delivery import Delivery

logger = structlog.get_logger(__name__)
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
# Longer than the other side may take; a claim older than this lost its worker.
CLAIM = timedelta(minutes=10)
SENT_AT_ONCE = 100

_EMAIL = Delivery.Channel.EMAIL
_Obstacle = Delivery.Obstacle


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one delivery says: against whom nothing stands in the way, the mail, and the body."""

    obstacle: str
    email: Callable[[], EmailMessage]
    url: str
    body: Callable[[], bytes]
    failure: str = "alert_not_sent"


def deliver(found: Any, say: Callable[[Any], Message], *, now: datetime) -> Any:
    """Send one message and record what became of it; return it as it is where nothing is to do.

    The claim is committed before anything is sent, so of two workers one sends. A webhook keeps
    its id from attempt to attempt; an e-mail of which nobody knows is never sent again by itself.
    """
    if found.status != "queued" or (found.next_try_at is not None and found.next_try_at > now):
        return found
    message = say(found)
    obstacle = _unconfigured(found, message) or message.obstacle
    if obstacle:
        return _given_up(found, obstacle)
    if not _claimed(found, now):
        return found
    result = _mailed(found, message) if found.channel == _EMAIL else _posted(found, message, now)
    return _recorded(found, result, now)


def deliver_waiting(
    rows: "QuerySet[Any]", send: Callable[[Any], Any], *, now: datetime, limit: int = SENT_AT_ONCE
) -> int:
    """Send what is due or lost its message, settle what lost its worker; return how many moved."""
    lost = rows.filter(status="sending", claimed_at__lt=now - CLAIM)
    count = sum(_settled(one, now) for one in lost)
    due = rows.filter(status="queued", next_try_at__lte=now).order_by("next_try_at")
    for key in due.values_list("pk", flat=True)[:limit]:
        try:
            count += send(key).status != "queued"
        except Exception:
            # One message that cannot be sent must not hold up the others.
            logger.exception("alert_not_delivered", delivery=str(key))
    return count


def _unconfigured(delivery: Any, message: Message) -> str:
    """Return what this installation lacks to send a message, "" where nothing."""
    if delivery.channel == _EMAIL:
        return "" if settings.LETTERS_BY_EMAIL else _Obstacle.NOT_CONFIGURED
    try:
        key = webhook_signing.key_of(settings.ALERT_WEBHOOK_SECRET)
    except ValueError:
        # What stands after whsec_ is no base64.
        key = b""
    if not key:
        return _Obstacle.NOT_CONFIGURED
    try:
        webhook_signing.allowed(message.url, hosts=settings.ALERT_WEBHOOK_HOSTS)
    except webhook_signing.AddressRefused:
        # The address was changed, or the operator allows it no more.
        return _Obstacle.NOT_ALLOWED
    return ""


def _claimed(delivery: Any, now: datetime) -> bool:
    """Take a message; say whether nobody was faster. Committed before it is sent."""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    new = f"<{uuid.uuid4()}@{host}>" if delivery.channel == _EMAIL else f"msg_{delivery.pk.hex}"
    try:
        delivery.move("claim", claimed_at=now, attempts=delivery.attempts + 1, message_id=new)
    except StaleRecord:
        return False
    return True


def _mailed(delivery: Any, message: Message) -> str:
    return mailing.hand_over(message.email(), failure=message.failure, delivery=str(delivery.pk))


def _posted(delivery: Any, message: Message, now: datetime) -> str:
    body = message.body()
    host, path = webhook_signing.allowed(message.url, hosts=settings.ALERT_WEBHOOK_HOSTS)
    headers = webhook_signing.headers(
        key=webhook_signing.key_of(settings.ALERT_WEBHOOK_SECRET),
        message_id=delivery.message_id,
        timestamp=int(now.timestamp()),
        body=body,
    )
    return webhook_sending.post(host, path, headers=headers, body=body)


def _settled(delivery: Any, now: datetime) -> int:
    """Go on with what lost its worker: a webhook is sent again, of an e-mail nobody knows."""
    try:
        _recorded(delivery, "unknown" if delivery.channel == _EMAIL else "later", now)
    except StaleRecord:
        return 0
    return 1


def _recorded(delivery: Any, result: str, now: datetime) -> Any:
    if result == "sent":
        return delivery.move("send", sent_at=now, next_try_at=None, obstacle="")
    if result == "later" and delivery.attempts < MOST_ATTEMPTS:
        pause = min(FIRST_PAUSE * 2 ** (delivery.attempts - 1), LONGEST_PAUSE)
        return delivery.move("postpone", next_try_at=now + pause, obstacle=_Obstacle.SERVER_DOWN)
    action, obstacle = {
        "refused": ("fail", _Obstacle.REFUSED),
        "unknown": ("lose", _Obstacle.UNKNOWN),
    }.get(result, ("fail", _Obstacle.GAVE_UP))
    return delivery.move(action, next_try_at=None, obstacle=obstacle)


def _given_up(delivery: Any, obstacle: str) -> Any:
    try:
        return delivery.move("fail", next_try_at=None, obstacle=obstacle)
    except StaleRecord:
        # Another worker has it.
        return delivery
