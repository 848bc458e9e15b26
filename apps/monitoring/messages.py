"""What an incident says on its way out: an e-mail to its owner, the body of a webhook.

Neither holds anything of a person: figures are of a model.
"""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.monitoring import deciding, wording
from apps.monitoring.measures import Level
from apps.monitoring.models import Incident

TYPE = "model.incident.raised"


def email(incident: Incident, *, message_id: str, now: datetime) -> EmailMessage:
    """Return the message to who answers for the limit, in their language."""
    owner = incident.limit.owner
    with translation.override(owner.language):
        subject = _("Incident of the model %(model)s") % {"model": incident.model}
        body = "\n\n".join([wording.sentence(incident), _asked(incident, now), *_where(incident)])
    return EmailMessage(
        subject=subject,
        body=body,
        to=[owner.email],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )


def body(incident: Incident, *, now: datetime) -> bytes:
    """Return the body of a webhook, as JSON."""
    said: dict[str, Any] = {
        "type": TYPE,
        "timestamp": now.isoformat(),
        "data": {
            "incident": str(incident.pk),
            "model": str(incident.model),
            "segment": incident.model.segment,
            "measure": incident.measure,
            "subject": incident.subject,
            "level": incident.level,
            "span": incident.span,
            "start": incident.start.isoformat(),
            "value": incident.value,
            "limit": str(incident.bound),
            "stopped_automation": incident.stopped_automation,
        },
    }
    return json.dumps(said, separators=(",", ":")).encode()


def _asked(incident: Incident, now: datetime) -> str:
    if incident.stopped_automation:
        return _("Automated decisions are stopped. Two people start them again.")
    if incident.level == Level.STOP and not deciding.decides(incident.model, now=now):
        return _("The model decides no more. You are asked to write down what follows.")
    return str(wording.ASKED[incident.level])


def _where(incident: Incident) -> list[str]:
    if not settings.PUBLIC_ADDRESS:
        return [_("See the page of the model's incidents.")]
    address = reverse("monitoring:incident", args=[incident.pk])
    return [f"{settings.PUBLIC_ADDRESS.rstrip('/')}{address}"]
