"""One message on its way to who answers for a limit: what alerts of every app share."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.npa.watch_lifecycle import DELIVERY


class Delivery(Identified, Timestamped, Stateful):
    """A message by e-mail or to a webhook, and what became of it."""

    lifecycle = DELIVERY

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    class Obstacle(models.TextChoices):
        NOT_CONFIGURED = "not_configured", _("sending is not set up")
        NO_ADDRESS = "no_address", _("no address to send to")
        NOT_PERMITTED = "not_permitted", _("the owner may no longer see this")
        NOT_ALLOWED = "not_allowed", _("the operator does not allow this address")
        REFUSED = "refused", _("refused by the other side")
        SERVER_DOWN = "server_down", _("the other side does not answer")
        GAVE_UP = "gave_up", _("given up after the last attempt")
        UNKNOWN = "unknown", _("nobody knows whether it arrived")

    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next attempt"), null=True)
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    message_id = models.CharField(_("message"), max_length=120, blank=True)
    obstacle = models.CharField(_("obstacle"), max_length=16, choices=Obstacle, blank=True)

    class Meta:
        abstract = True


def delivery_constraints(app: str, about: str) -> list[Any]:
    """Return the constraints on an app's messages: one by each channel about each thing."""
    return [
        status_constraint(DELIVERY, f"{app}_delivery_status_known"),
        models.UniqueConstraint(fields=[about, "channel"], name=f"{app}_delivery_once"),
    ]


def delivery_indexes(app: str) -> list[Any]:
    """Return the index by which what waits is found."""
    return [
        models.Index(
            fields=["next_try_at"],
            condition=Q(status__in=["queued", "sending"]),
            name=f"{app}_deliveries_waiting",
        )
    ]
