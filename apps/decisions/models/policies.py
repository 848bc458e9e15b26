"""Versions of a lender's credit policy."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity
from apps.core.models import Identified, Timestamped


class PolicyVersion(Identified, Timestamped):
    """A lender's credit policy as data; the version in force on the day decides."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField(_("version"))
    effective_from = models.DateField(_("in force from"))
    document = models.JSONField(_("policy"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        default_permissions = ()
        permissions = [("view_policy", _("Read the credit policy"))]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "number"], name="decisions_policy_number"),
            models.UniqueConstraint(
                fields=["entity", "effective_from"], name="decisions_policy_one_a_day"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="policy_content",
                fields=["entity", "number", "effective_from", "document", "sha256"],
            ),
            pgtrigger.Protect(name="policy_kept", operation=pgtrigger.Delete),
        ]
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")

    def __str__(self) -> str:
        return f"{self.entity.code} policy {self.number}"
