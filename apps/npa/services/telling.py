"""Send the messages about alerts that wait; each is claimed before anything is sent."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings

from apps.core.errors import StaleRecord
from apps.letters import mailing
from apps.npa import alert_messages, policies, webhook_sending, webhook_signing
from apps.npa.models import AlertDelivery, Threshold

logger = structlog.get_logger(__name__)
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
# Longer than the other side may take; a claim older than this lost its worker.
CLAIM = timedelta(minutes=10)
SENT_AT_ONCE = 100

_EMAIL = AlertDelivery.Channel.EMAIL
_Obstacle = AlertDelivery.Obstacle


def deliver_alert(*, delivery_id: Any, now: datetime) -> AlertDelivery:
    """Send one message and record what became of it; return it as it is where nothing is to do.

    The claim is committed before anything is sent, so of two workers one sends. A webhook keeps
    its id from attempt to attempt; an e-mail of which nobody knows is never sent again by itself.
    """
    rows = AlertDelivery.objects.select_related("alert__entity", "alert__threshold__owner")
    found = rows.get(pk=delivery_id)
    if found.status != "queued" or (found.next_try_at is not None and found.next_try_at > now):
        return found
    obstacle = _obstacle(found)
    if obstacle:
        return _given_up(found, obstacle)
    if not _claimed(found, now):
        return found
    result = _mailed(found) if found.channel == _EMAIL else _posted(found, now)
    return _recorded(found, result, now)


def deliver_waiting_alerts(*, now: datetime, limit: int = SENT_AT_ONCE) -> int:
    """Send what is due or lost its message, settle what lost its worker; return how many moved."""
    lost = AlertDelivery.objects.filter(status="sending", claimed_at__lt=now - CLAIM)
    count = sum(_settled(one, now) for one in lost.select_related("alert"))
    due = AlertDelivery.objects.filter(status="queued", next_try_at__lte=now)
    for key in due.order_by("next_try_at").values_list("pk", flat=True)[:limit]:
        try:
            count += deliver_alert(delivery_id=key, now=now).status != "queued"
        except Exception:
            # One message that cannot be sent must not hold up the others.
            logger.exception("alert_not_delivered", delivery=str(key))
    return count


def _obstacle(delivery: AlertDelivery) -> str:
    threshold = delivery.alert.threshold
    if delivery.channel == _EMAIL:
        if not settings.LETTERS_BY_EMAIL:
            return _Obstacle.NOT_CONFIGURED
        if not threshold.owner.is_active:
            return _Obstacle.NO_ADDRESS
        # The owner may have gone to another desk since the threshold was set.
        is_allowed = threshold.owner.has_perm(policies.VIEW) and Threshold.reaches(
            threshold.owner, delivery.alert.entity
        )
        return "" if is_allowed else _Obstacle.NOT_PERMITTED
    try:
        key = webhook_signing.key_of(settings.ALERT_WEBHOOK_SECRET)
    except ValueError:
        # What stands after whsec_ is no base64.
        key = b""
    if not key:
        return _Obstacle.NOT_CONFIGURED
    try:
        webhook_signing.allowed(threshold.webhook_url, hosts=settings.ALERT_WEBHOOK_HOSTS)
    except webhook_signing.AddressRefused:
        # The address was changed, or the operator allows it no more.
        return _Obstacle.NOT_ALLOWED
    return ""


def _claimed(delivery: AlertDelivery, now: datetime) -> bool:
    """Take a message; say whether nobody was faster. Committed before it is sent."""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    new = f"<{uuid.uuid4()}@{host}>" if delivery.channel == _EMAIL else f"msg_{delivery.pk.hex}"
    try:
        delivery.move("claim", claimed_at=now, attempts=delivery.attempts + 1, message_id=new)
    except StaleRecord:
        return False
    return True


def _mailed(delivery: AlertDelivery) -> str:
    message = alert_messages.email(delivery.alert, message_id=delivery.message_id)
    return mailing.hand_over(message, failure="alert_not_sent", delivery=str(delivery.pk))


def _posted(delivery: AlertDelivery, now: datetime) -> str:
    body = alert_messages.body(delivery.alert, now=now)
    host, path = webhook_signing.allowed(
        delivery.alert.threshold.webhook_url, hosts=settings.ALERT_WEBHOOK_HOSTS
    )
    headers = webhook_signing.headers(
        key=webhook_signing.key_of(settings.ALERT_WEBHOOK_SECRET),
        message_id=delivery.message_id,
        timestamp=int(now.timestamp()),
        body=body,
    )
    return webhook_sending.post(host, path, headers=headers, body=body)


def _settled(delivery: AlertDelivery, now: datetime) -> int:
    """Go on with what lost its worker: a webhook is sent again, of an e-mail nobody knows."""
    try:
        _recorded(delivery, "unknown" if delivery.channel == _EMAIL else "later", now)
    except StaleRecord:
        return 0
    return 1


def _recorded(delivery: AlertDelivery, result: str, now: datetime) -> AlertDelivery:
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


def _given_up(delivery: AlertDelivery, obstacle: str) -> AlertDelivery:
    try:
        return delivery.move("fail", next_try_at=None, obstacle=obstacle)
    except StaleRecord:
        # Another worker has it.
        return delivery
