"""Early signals: what was noticed of which loan, from which day until which."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity
from apps.collections.models.assigning import OfLoan
from apps.collections.warning import Signal
from apps.loans.models import Loan

_CODES = [(one.value, one.value) for one in Signal]


class EarlySignal(models.Model):
    """A signal that stood for a loan from the end of a day on, until it did not any more.

    Written by the nightly run alone. `value` is what the rule saw last; `ended_on` the first day
    whose end did not show it any more.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="signals", db_index=False)
    code = models.CharField(_("signal"), max_length=20, choices=_CODES)
    value = models.IntegerField(_("seen"))
    began_on = models.DateField(_("since"))
    ended_on = models.DateField(_("until"), null=True)

    objects = OfLoan.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["loan", "code"],
                condition=Q(ended_on=None),
                name="collections_signal_one_standing",
            ),
            models.CheckConstraint(
                condition=Q(code__in=[one.value for one in Signal], value__gt=0),
                name="collections_signal_known",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("began_on")),
                name="collections_signal_ends_after_it_began",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["entity", "-began_on", "-id"], name="collections_signals_newest"),
            models.Index(fields=["loan", "-began_on"], name="collections_signals_of_loan"),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="collections_signal_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="collections_signal_as_begun", fields=["entity", "loan", "code", "began_on"]
            ),
            pgtrigger.Protect(
                name="collections_signal_ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.ended_on IS NOT NULL"),
            ),
        ]
        verbose_name = _("early signal")
        verbose_name_plural = _("early signals")

    def __str__(self) -> str:
        return f"{self.code} {self.began_on}"


class SignalNight(models.Model):
    """That the signals of a lender were looked for at the end of a day, in which run of it."""

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    run = models.PositiveIntegerField(_("run of the day's end"))
    begun = models.PositiveIntegerField(_("begun"))
    ended = models.PositiveIntegerField(_("ended"))
    made_at = models.DateTimeField(_("looked for"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "day", "run"], name="collections_signal_night_once"
            ),
        ]
        verbose_name = _("night of early signals")
        verbose_name_plural = _("nights of early signals")

    def __str__(self) -> str:
        return f"{self.day}"
