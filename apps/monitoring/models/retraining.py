"""When a segment's model is trained anew by itself, and what came of it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.audit.models import AppendOnlyModel, append_only_triggers
from apps.core.models import Identified
from apps.governance import kinds
from apps.governance.models import TrainingRequest
from apps.monitoring.models.incidents import Incident
from apps.monitoring.models.limits import Answered, answered_constraints, answered_triggers
from apps.scoring.models import ModelVersion


class RetrainingPlan(Answered):
    """A candidate is trained every so many months, on drift, or both; by the proposer's rights.

    Who proposed the plan answers as developer for what it trains. Nothing it trains decides
    before people let it. One without months and drift ends the one before.
    """

    every_months = models.PositiveSmallIntegerField(_("every so many months"), default=0)
    on_drift = models.BooleanField(_("on drift"), default=False)
    window_months = models.PositiveSmallIntegerField(_("months of loans to learn from"))
    kind = models.CharField(_("kind of model"), max_length=20, default=kinds.DEFAULT)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = answered_triggers(
            "monitoring_plan", *("every_months", "on_drift", "window_months", "kind")
        )
        constraints: ClassVar[list[Any]] = [
            *answered_constraints("monitoring_plan"),
            models.CheckConstraint(
                condition=Q(every_months__lte=60, window_months__gte=6, window_months__lte=240),
                name="monitoring_plan_months",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=tuple(kinds.OFFERS)), name="monitoring_plan_kind_known"
            ),
        ]
        verbose_name = _("plan of retraining")
        verbose_name_plural = _("plans of retraining")

    def __str__(self) -> str:
        return f"{self.segment} {self.effective_from}"


class Retraining(Identified, AppendOnlyModel):
    """One training that a plan began: for which month, why, and the request for it."""

    class Cause(models.TextChoices):
        DRIFT = "drift", _("drift")
        CALENDAR = "calendar", _("the calendar")

    plan = models.ForeignKey(RetrainingPlan, on_delete=models.PROTECT, related_name="retrainings")
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="retrainings")
    month = models.DateField(_("month"))
    cause = models.CharField(_("cause"), max_length=8, choices=Cause)
    incident = models.ForeignKey(
        Incident, null=True, on_delete=models.PROTECT, related_name="retrainings"
    )
    request = models.OneToOneField(TrainingRequest, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(_("begun"))

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("monitoring_retraining")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["model", "month"], name="monitoring_retraining_once"),
            models.CheckConstraint(
                condition=Q(cause="calendar", incident=None)
                | Q(cause="drift", incident__isnull=False),
                name="monitoring_retraining_cause",
            ),
        ]
        verbose_name = _("retraining")
        verbose_name_plural = _("retrainings")

    def __str__(self) -> str:
        return f"{self.model} {self.month}"
