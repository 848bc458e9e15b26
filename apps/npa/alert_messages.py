"""What an alert says on its way out: an e-mail to its owner, the body of a webhook.

Neither names a borrower: who is meant stands on the page, behind sign-in.
"""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import formats, translation
from django.utils.translation import gettext as _

from apps.core import formatting
from apps.npa import wording
from apps.npa.models import Alert

TYPE = "portfolio.alert.raised"


def email(alert: Alert, *, message_id: str) -> EmailMessage:
    """Return the message to the owner of the threshold, in the owner's language."""
    lender, owner = alert.entity, alert.threshold.owner
    # A subject is one line: with a line break in it no message can be made of it.
    name = " ".join(lender.name.split())
    with translation.override(owner.language):
        subject = _("Portfolio alert at %(lender)s") % {"lender": name}
        body = "\n\n".join([_sentence(alert), *_where()])
    return EmailMessage(
        subject=subject,
        body=body,
        to=[owner.email],
        reply_to=[lender.email],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )


def body(alert: Alert, *, now: datetime) -> bytes:
    """Return the body of a webhook, as JSON."""
    said: dict[str, Any] = {
        "type": TYPE,
        "timestamp": now.isoformat(),
        "data": {
            "alert": str(alert.pk),
            "lender": alert.entity.code,
            "measure": alert.measure,
            "day": alert.day.isoformat(),
            "currency": alert.currency,
            "value": str(alert.value),
            "threshold": str(alert.bound),
        },
    }
    return json.dumps(said, separators=(",", ":")).encode()


def _sentence(alert: Alert) -> str:
    values = {
        "measure": wording.measure(alert.measure),
        "value": formatting.format_percent(alert.value, decimals=2),
        "bound": formatting.format_percent(alert.bound, decimals=2),
        "day": formats.date_format(alert.day, "j F Y"),
        "currency": alert.currency,
    }
    if wording.is_breached_below(alert.measure):
        return (
            _(
                "%(measure)s was %(value)s at the end of %(day)s (loans in %(currency)s), below the"
                " threshold of %(bound)s."
            )
            % values
        )
    return (
        _(
            "%(measure)s was %(value)s at the end of %(day)s (loans in %(currency)s), above the"
            " threshold of %(bound)s."
        )
        % values
    )


def _where() -> list[str]:
    if not settings.PUBLIC_ADDRESS:
        return [_("See the page of alerts.")]
    return [
        _("See the page of alerts:\n%s")
        % f"{settings.PUBLIC_ADDRESS.rstrip('/')}{reverse('npa:alerts')}"
    ]
