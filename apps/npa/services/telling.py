"""Send the messages about alerts that wait."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.npa import alert_messages, policies
from apps.npa.models import AlertDelivery, Threshold
from apps.npa.services import delivering
from apps.npa.services.delivering import SENT_AT_ONCE, Message

_EMAIL = AlertDelivery.Channel.EMAIL
_Obstacle = AlertDelivery.Obstacle


def deliver_alert(*, delivery_id: Any, now: datetime) -> AlertDelivery:
    """Send one message and record what became of it; return it as it is where nothing is to do."""
    found: AlertDelivery = delivering.deliver(
        _rows().get(pk=delivery_id), lambda one: _message(one, now), now=now
    )
    return found


def deliver_waiting_alerts(*, now: datetime, limit: int = SENT_AT_ONCE) -> int:
    """Send what is due or lost its message, settle what lost its worker; return how many moved."""
    return delivering.deliver_waiting(
        _rows(), lambda key: deliver_alert(delivery_id=key, now=now), now=now, limit=limit
    )


def _rows() -> "QuerySet[AlertDelivery]":
    return AlertDelivery.objects.select_related("alert__entity", "alert__threshold__owner")


def _message(delivery: AlertDelivery, now: datetime) -> Message:
    alert = delivery.alert
    return Message(
        obstacle=_obstacle(delivery) if delivery.channel == _EMAIL else "",
        email=lambda: alert_messages.email(alert, message_id=delivery.message_id),
        url=alert.threshold.webhook_url,
        body=lambda: alert_messages.body(alert, now=now),
    )


def _obstacle(delivery: AlertDelivery) -> str:
    """Return why the owner of a threshold is not told by e-mail, "" where nothing speaks so."""
    owner, lender = delivery.alert.threshold.owner, delivery.alert.entity
    if not owner.is_active:
        return _Obstacle.NO_ADDRESS
    # The owner may have gone to another desk since the threshold was set.
    is_allowed = owner.has_perm(policies.VIEW) and Threshold.reaches(owner, lender)
    return "" if is_allowed else _Obstacle.NOT_PERMITTED
