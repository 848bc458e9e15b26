"""What went beyond a limit, what people decided on it, and the messages about it."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.monitoring.lifecycle import INCIDENT
from apps.monitoring.models.limits import Limit
from apps.npa.models.delivery import Delivery, delivery_constraints, delivery_indexes
from apps.scoring.models import ModelVersion


class Incident(Identified, Timestamped, Stateful):
    """A measure of a model beyond a limit: raised once, until it was within it again.

    `start` and `value` are those of the day or month that raised it; `last_start` and
    `last_value` follow while the breach lasts. People close it with what they decided, whether or
    not the breach is over; `over_from` says since when it is. One whose limit gave way to another
    version, or is watched no more, ends as well: `is_replaced` then, and what it measured stands.
    """

    class Decision(models.TextChoices):
        ACCEPT = "accept", _("Accepted: the model may go on")
        RETRAIN = "retrain", _("A new model is to be trained")
        REPLACE = "replace", _("Another model is to take its place")
        STOP = "stop", _("Automated decisions are stopped")
        REPAIR = "repair", _("The data or the system is repaired")
        FALSE_ALARM = "false_alarm", _("A false alarm")

    lifecycle = INCIDENT

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="incidents")
    limit = models.ForeignKey(Limit, on_delete=models.PROTECT, related_name="incidents")
    measure = models.CharField(_("measure"), max_length=20)
    level = models.CharField(_("level"), max_length=8)
    span = models.CharField(_("span"), max_length=5)
    # A feature, or "attribute: group"; empty where it is about the whole.
    subject = models.CharField(_("of"), max_length=120, blank=True)
    bound = models.DecimalField(_("limit"), max_digits=12, decimal_places=6)
    start = models.DateField(_("raised for"))
    value = models.FloatField(_("value"))
    last_start = models.DateField(_("last measured"))
    last_value = models.FloatField(_("value then"))
    raised_at = models.DateTimeField(_("raised"))
    over_from = models.DateField(_("within again from"), null=True)
    stopped_automation = models.BooleanField(_("stopped automated decisions"), default=False)
    acknowledged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True)
    decision = models.CharField(_("decided"), max_length=12, choices=Decision, blank=True)
    note = models.CharField(_("why"), max_length=1_000, blank=True)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="monitoring_incident_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="monitoring_incident_as_raised",
                fields=[
                    *("model", "limit", "measure", "level", "span", "subject", "bound"),
                    *("start", "value", "raised_at"),
                ],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(INCIDENT, "monitoring_incident_status_known"),
            # The same breach is told once, whoever closed it meanwhile.
            models.UniqueConstraint(
                fields=["model", "measure", "level", "span", "subject"],
                condition=Q(over_from=None),
                name="monitoring_incident_one_of_a_breach",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed")
                | (
                    Q(closed_by__isnull=False, closed_at__isnull=False)
                    & ~Q(decision="")
                    & ~Q(note="")
                ),
                name="monitoring_incident_closed_with_a_decision",
            ),
            models.CheckConstraint(
                condition=~Q(status="acknowledged")
                | Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False),
                name="monitoring_incident_acknowledged_by_somebody",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["-raised_at", "-id"], name="monitoring_incident_newest"),
        ]
        verbose_name = _("incident of a model")
        verbose_name_plural = _("incidents of models")

    def __str__(self) -> str:
        return f"{self.measure} {self.start}"

    @property
    def is_replaced(self) -> bool:
        """Say whether it ended with its limit and not because the measure was within it again."""
        return self.over_from is not None and self.over_from > self.last_start


class IncidentDelivery(Delivery):
    """One message about an incident on its way: by e-mail to the owner, or to a webhook."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="deliveries")

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = delivery_constraints("monitoring", "incident")
        indexes: ClassVar[list[Any]] = delivery_indexes("monitoring")
        verbose_name = _("message about an incident")
        verbose_name_plural = _("messages about incidents")

    def __str__(self) -> str:
        return f"{self.channel} {self.incident_id}"
