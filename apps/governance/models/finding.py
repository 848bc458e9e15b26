"""What a validator or an approver found wanting: how bad, whose it is, and by when."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.governance.lifecycle import FINDING
from apps.governance.models.promotion import Promotion
from apps.scoring.models import ModelVersion


class Finding(Identified, Timestamped, Stateful):
    """One finding on a model. Who answers for it does not close it. Rule book 7.4."""

    lifecycle = FINDING

    class Severity(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="findings")
    promotion = models.ForeignKey(
        Promotion, null=True, on_delete=models.PROTECT, related_name="findings"
    )
    severity = models.CharField(_("severity"), max_length=6, choices=Severity)
    what = models.TextField(_("what was found"))
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="findings_owned")
    due_on = models.DateField(_("due"))
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(_("raised"))
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True)
    closing = models.TextField(_("how it was put right"), blank=True)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="governance_finding_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="governance_finding_as_raised",
                fields=[
                    *("model", "promotion", "severity", "what", "owner", "due_on"),
                    *("raised_by", "raised_at"),
                ],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(FINDING, "governance_finding_status_known"),
            models.CheckConstraint(
                condition=Q(status="open", closed_by=None)
                | (
                    Q(status="closed", closed_by__isnull=False, closed_at__isnull=False)
                    & ~Q(closing="")
                    & ~Q(closed_by=F("owner"))
                ),
                name="governance_finding_closed_by_another",
            ),
        ]
        verbose_name = _("finding")
        verbose_name_plural = _("findings")

    def __str__(self) -> str:
        return f"{self.model} {self.due_on}"
