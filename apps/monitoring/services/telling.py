"""Send the messages about incidents that wait."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.monitoring import messages, policies
from apps.monitoring.models import IncidentDelivery
from apps.npa.services import delivering
from apps.npa.services.delivering import Message

_EMAIL = IncidentDelivery.Channel.EMAIL
_Obstacle = IncidentDelivery.Obstacle


def deliver(*, delivery_id: Any, now: datetime) -> IncidentDelivery:
    """Send one message and record what became of it; return it as it is where nothing is to do."""
    found: IncidentDelivery = delivering.deliver(
        _rows().get(pk=delivery_id), lambda one: _message(one, now), now=now
    )
    return found


def deliver_waiting(*, now: datetime) -> int:
    """Send what is due or lost its message, settle what lost its worker; return how many moved."""
    return delivering.deliver_waiting(
        _rows(), lambda key: deliver(delivery_id=key, now=now), now=now
    )


def _rows() -> "QuerySet[IncidentDelivery]":
    return IncidentDelivery.objects.select_related("incident__limit__owner", "incident__model")


def _message(delivery: IncidentDelivery, now: datetime) -> Message:
    incident = delivery.incident
    return Message(
        obstacle=_obstacle(delivery) if delivery.channel == _EMAIL else "",
        email=lambda: messages.email(incident, message_id=delivery.message_id, now=now),
        url=incident.limit.webhook_url,
        body=lambda: messages.body(incident, now=now),
        failure="incident_not_sent",
    )


def _obstacle(delivery: IncidentDelivery) -> str:
    """Return why the owner of a limit is not told by e-mail, "" where nothing speaks so."""
    owner = delivery.incident.limit.owner
    if not owner.is_active:
        return _Obstacle.NO_ADDRESS
    return "" if owner.has_perm(policies.SEE) else _Obstacle.NOT_PERMITTED
