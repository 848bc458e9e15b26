"""For which days interest was accrued, lender by lender, and what was left."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User


class AccrualRunQuerySet(models.QuerySet["AccrualRun"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "AccrualRunQuerySet":
        """Keep the runs of the entities in whose branches the person works."""
        reach = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"))
        return self.filter(entity__in=reach.order_by().values("entity"))


class AccrualRun(models.Model):
    """The accrual of a day for a lender: one row, however often it was interrupted and went on.

    `problems` are loans that were left out and why: number and code. While there are any, or while
    `finished_at` is empty, the day is not closed.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    started_at = models.DateTimeField(_("begun"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    loans = models.PositiveIntegerField(_("loans"), default=0)
    charges = models.PositiveIntegerField(_("charges for being late"), default=0)
    problems = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    objects = AccrualRunQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("run_accrual", _("Accrue the interest of a day"))]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="repayments_accrual_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="repayments_accrual_as_begun", fields=["entity", "day", "started_at"]
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "day"], name="repayments_accrual_once"),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at")),
                name="repayments_accrual_in_order",
            ),
        ]
        verbose_name = _("accrual of a day")
        verbose_name_plural = _("accruals of days")

    def __str__(self) -> str:
        return f"{self.day}"
