"""Hazards and losses given default as they were estimated out of a lender's own history."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.impairment.models.parameter_set import ParameterSet


class EstimateQuerySet(models.QuerySet["Estimate"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "EstimateQuerySet":
        """Keep those of the lenders in whose branches the person works."""
        reach = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"))
        return self.filter(entity__in=reach.order_by().values("entity"))


class Estimate(models.Model):
    """What was learned from the history up to a day, and on how much; never changed.

    `body` is as `stored.written` has it and `sha256` its hash. Versions count from 1.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.PositiveIntegerField(_("version"))
    # The last end of a month that was looked at.
    as_of = models.DateField(_("as of"))
    parameters = models.ForeignKey(ParameterSet, on_delete=models.PROTECT, related_name="+")
    body = models.JSONField(_("estimates"), encoder=DjangoJSONEncoder)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    months = models.PositiveIntegerField(_("months"))
    loan_months = models.PositiveBigIntegerField(_("loan-months at risk"))
    defaults = models.PositiveIntegerField(_("defaults"))
    cases = models.PositiveIntegerField(_("defaults followed"))
    made_at = models.DateTimeField(_("made"))
    made_by = models.CharField(_("by"), max_length=80)

    objects = EstimateQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="impairment_estimate_kept", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "version"], name="impairment_estimate_version_once"
            ),
        ]
        verbose_name = _("estimate from own history")
        verbose_name_plural = _("estimates from own history")

    def __str__(self) -> str:
        return f"{self.version}"
