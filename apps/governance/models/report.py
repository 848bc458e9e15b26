"""What an independent person judges a trained model by, frozen when it was measured."""

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.audit.models import AppendOnlyModel, append_only_triggers
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.governance.lifecycle import REPORTING
from apps.scoring.models import ModelVersion


class ValidationReport(Identified, AppendOnlyModel):
    """The facts of one model on loans it has not seen; `sha256` is of their canonical JSON.

    Nothing of it is ever edited: a model that is measured again has another report, and a person
    who judges one names its hash.
    """

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reports")
    facts = models.JSONField(_("facts"), encoder=DjangoJSONEncoder)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made"))

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("governance_report")
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["model", "-made_at"], name="governance_report_newest")
        ]
        verbose_name = _("validation report")
        verbose_name_plural = _("validation reports")

    def __str__(self) -> str:
        return self.sha256[:12]


class ReportRequest(Identified, Timestamped, Stateful):
    """Somebody's wish to have a model measured by a worker, and how it ended."""

    lifecycle = REPORTING

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(_("asked for"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    failure = models.TextField(_("why it failed"), blank=True)
    report = models.OneToOneField(
        ValidationReport, null=True, on_delete=models.PROTECT, related_name="request"
    )

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            status_constraint(REPORTING, "governance_report_request_status_known"),
            models.UniqueConstraint(
                fields=["model"],
                condition=Q(status__in=["queued", "running"]),
                name="governance_report_request_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(status="completed") | Q(report__isnull=False),
                name="governance_report_request_completed_has_report",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(failure=""),
                name="governance_report_request_failed_says_why",
            ),
        ]
        verbose_name = _("request for a validation report")
        verbose_name_plural = _("requests for validation reports")

    def __str__(self) -> str:
        return f"{self.model} {self.requested_at:%Y-%m-%d}"
