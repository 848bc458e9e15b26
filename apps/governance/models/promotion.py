"""Who let a model decide."""

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.governance.lifecycle import LIFECYCLE
from apps.scoring.models import ModelVersion


class Promotion(Identified, Timestamped, Stateful):
    """A request to make a model the champion; another person than the one who asks decides."""

    lifecycle = LIFECYCLE

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="promotions")
    evidence = models.JSONField(_("evidence"), encoder=DjangoJSONEncoder)
    reason = models.TextField(_("why"))
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="promotions_proposed"
    )
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="promotions_decided"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    answer = models.TextField(_("answer"), blank=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_promotion", _("Ask for the promotion of a model")),
            ("validate_model", _("Validate models independently")),
            ("approve_promotion", _("Approve or refuse the promotion of a model")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "governance_promotion_status_known"),
            models.CheckConstraint(
                condition=Q(status="proposed")
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="governance_promotion_decided_by_another",
            ),
            models.UniqueConstraint(
                fields=["model"],
                condition=Q(status="proposed"),
                name="governance_promotion_one_open",
            ),
        ]
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")

    def __str__(self) -> str:
        return str(self.model)
