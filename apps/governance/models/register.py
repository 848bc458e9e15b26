"""The register of everything that helps to decide: who answers for it, and how much it weighs."""

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.audit.models import AppendOnlyModel, append_only_triggers
from apps.core.models import Identified
from apps.scoring.models import ModelVersion


def _any(level: str) -> Q:
    return Q(materiality=level) | Q(complexity=level) | Q(autonomy=level)


class RegisterEntry(Identified, AppendOnlyModel):
    """What was entered of one thing at one moment; the newest counts, older ones tell the past.

    A thing is a model, a policy of a lender, or a score bought from a vendor; `subject` names it.
    The tier is the worst of its three parts (rule book 7.2 T4), and who answers for a thing does
    not approve it (T3).
    """

    class Kind(models.TextChoices):
        MODEL = "model", _("Model")
        POLICY = "policy", _("Policy")
        VENDOR = "vendor", _("Vendor's score")

    class Level(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    subject = models.CharField(_("what"), max_length=80, db_index=True)
    title = models.CharField(_("name"), max_length=120)
    model = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="register_entries"
    )
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    materiality = models.CharField(_("materiality"), max_length=6, choices=Level)
    complexity = models.CharField(_("complexity"), max_length=6, choices=Level)
    autonomy = models.CharField(_("autonomy"), max_length=6, choices=Level)
    tier = models.CharField(_("tier"), max_length=6, choices=Level)
    body = models.JSONField(_("text"), encoder=DjangoJSONEncoder)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        default_permissions = ()
        permissions = [("keep_register", _("Keep the register of models"))]
        triggers = append_only_triggers("governance_register")
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["subject", "-recorded_at"], name="governance_register_newest")
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=~Q(owner=F("approver")), name="governance_register_owner_no_approver"
            ),
            models.CheckConstraint(
                condition=(Q(kind="model") & Q(model__isnull=False))
                | (~Q(kind="model") & Q(model__isnull=True)),
                name="governance_register_model_or_not",
            ),
            models.CheckConstraint(
                condition=(Q(tier="high") & _any("high"))
                | (Q(tier="medium") & ~_any("high") & _any("medium"))
                | Q(tier="low", materiality="low", complexity="low", autonomy="low"),
                name="governance_register_tier_of_the_worst",
            ),
        ]
        verbose_name = _("entry of the register")
        verbose_name_plural = _("entries of the register")

    def __str__(self) -> str:
        return self.title
