"""Send the letters that wait to go out by e-mail; each is claimed before anything is sent."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from apps.audit import services as audit
from apps.core.errors import StaleRecord
from apps.letters import hooks, mailing
from apps.letters.models import Delivery
from apps.letters.services import freezing, queueing

logger = structlog.get_logger(__name__)
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
# Longer than a mail server may take; a claim older than this lost its worker.
CLAIM = timedelta(minutes=10)
SENT_AT_ONCE = 200


def deliver(*, delivery_id: Any, now: datetime) -> Delivery:
    """Send one queued letter by e-mail and record what became of it.

    The claim is committed before the server is asked, so two workers, or a task delivered twice,
    send one message between them; a worker killed in between leaves `sending` behind, which is
    never sent again by itself. Returns the delivery as it is when there is nothing to do.
    """
    found = Delivery.objects.select_related("letter__branch__entity").get(pk=delivery_id)
    if found.channel != Delivery.Channel.EMAIL or found.status != "queued":
        return found
    if found.next_try_at is not None and found.next_try_at > now:
        return found
    reached = hooks.recipient(found.letter.case)
    obstacle = queueing.obstacle_to_mail(found.letter)
    if not obstacle and not freezing.is_whole(found.letter):
        obstacle = Delivery.Obstacle.REFUSED
        logger.error("letter_damaged", letter=str(found.letter_id))
    if not obstacle and not hooks.may_mail(found.letter, now):
        obstacle = Delivery.Obstacle.NOT_NOW
    if obstacle:
        return _leave_to_person(found, "cancel", obstacle)
    if not _claim(found, now):
        return found
    result = mailing.send(found.letter, to=reached.email, message_id=found.message_id)
    return _record(found, result, now)


def deliver_waiting(*, now: datetime, limit: int = SENT_AT_ONCE) -> int:
    """Send what is due or lost its message, settle what lost its worker; return how many moved."""
    count = sum(_settle(one, now) for one in _lost(now))
    due = Delivery.objects.filter(channel="email", status="queued", next_try_at__lte=now)
    for key in due.order_by("next_try_at").values_list("pk", flat=True)[:limit]:
        try:
            count += deliver(delivery_id=key, now=now).status != "queued"
        except Exception:
            # One letter that cannot be sent must not hold up the others.
            logger.exception("letter_not_delivered", delivery=str(key))
    return count


def _lost(now: datetime) -> list[Delivery]:
    lost = Delivery.objects.filter(status="sending", claimed_at__lt=now - CLAIM)
    return list(lost.select_related("letter"))


def _settle(delivery: Delivery, now: datetime) -> int:
    """Give up a message whose worker was lost: whether it went out, nobody knows."""
    try:
        _record(delivery, "unknown", now)
    except StaleRecord:
        return 0
    return 1


def _claim(delivery: Delivery, now: datetime) -> bool:
    """Take a queued message; say whether nobody was faster. Committed before it is sent."""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    try:
        delivery.move(
            "claim",
            claimed_at=now,
            attempts=delivery.attempts + 1,
            # One for each attempt to send, so that what a server took can be told apart.
            message_id=f"<{uuid.uuid4()}@{host}>",
        )
    except StaleRecord:
        return False
    return True


@transaction.atomic
def _record(delivery: Delivery, result: mailing.Result, now: datetime) -> Delivery:
    if result == "sent":
        delivery.move("send", sent_at=now, next_try_at=None, obstacle="")
        audit.record(audit.system("worker"), "letters.sent", delivery.letter, **_about(delivery))
        return delivery
    if result == "later" and delivery.attempts < MOST_ATTEMPTS:
        return delivery.move(
            "postpone",
            next_try_at=now + _pause(delivery.attempts),
            obstacle=Delivery.Obstacle.SERVER_DOWN,
        )
    action, obstacle = {
        "refused": ("bounce", Delivery.Obstacle.REFUSED),
        "unknown": ("fail", Delivery.Obstacle.UNKNOWN),
    }.get(result, ("fail", Delivery.Obstacle.GAVE_UP))
    return _leave_to_person(delivery, action, str(obstacle))


@transaction.atomic
def _leave_to_person(delivery: Delivery, action: str, obstacle: str) -> Delivery:
    """End an e-mail and leave the letter to be handed over; the obstacle stands at both."""
    delivery.move(action, next_try_at=None, obstacle=obstacle)
    queueing.wait_for_person(delivery.letter, obstacle=obstacle)
    audit.record(audit.system("worker"), "letters.not_sent", delivery.letter, **_about(delivery))
    return delivery


def _about(delivery: Delivery) -> dict[str, Any]:
    return {
        "case": delivery.letter.case,
        "delivery": str(delivery.pk),
        "attempts": delivery.attempts,
        "obstacle": delivery.obstacle,
        "message_id": delivery.message_id,
    }


def _pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time."""
    return min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
