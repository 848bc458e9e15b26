"""Closed days: up to which day the books of an entity are closed, by whom, since when."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, Entity
from apps.audit.models import append_only_triggers
from apps.ledger.models import bounds
from apps.ledger.models.keeping import Posted


class Closing(Posted):
    """A day that was closed, and with it every day before. Nothing is posted there any more."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("closed up to"))
    actor = models.CharField(_("who"), max_length=80)
    closed_at = models.DateTimeField(_("closed"))

    class Meta:
        default_permissions = ()
        permissions = [("close_day", _("Close days of the books"))]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            *append_only_triggers("ledger_closing"),
            pgtrigger.Trigger(
                name="ledger_closing_in_order",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=bounds.CLOSED_IN_ORDER,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "day"], name="ledger_closing_once"),
        ]
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")

    def __str__(self) -> str:
        return f"{self.day}"


class ClosingTotal(Posted):
    """What was debited and credited to an account of a branch up to a closed day, in all.

    A sum kept: nothing it was made from can change. The trial balance begins at it, and the proof
    compares it with the lines.
    """

    closing = models.ForeignKey(Closing, on_delete=models.PROTECT, related_name="totals")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    account = models.CharField(_("account"), max_length=24)
    debit = models.DecimalField(_("debit"), max_digits=24, decimal_places=2)
    credit = models.DecimalField(_("credit"), max_digits=24, decimal_places=2)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[pgtrigger.Trigger]] = append_only_triggers("ledger_closingtotal")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["closing", "branch", "currency", "account"], name="ledger_total_once"
            ),
        ]
        verbose_name = _("total at closing")
        verbose_name_plural = _("totals at closing")

    def __str__(self) -> str:
        return f"{self.account} {self.currency}"
