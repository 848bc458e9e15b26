"""Pauses for hardship: for a time nobody presses; what is overdue stays overdue."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import withheld
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.loans.models import Loan
from apps.servicing.lifecycle import PAUSE


class PauseQuerySet(models.QuerySet["Pause"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "PauseQuerySet":
        """Keep the pauses of loans of the branches the person works in, but those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")


class Pause(Identified, Timestamped, Stateful):
    """A time in which a borrower in hardship is left alone.

    It changes no due date, no amount and no day past due: those follow from the schedule and the
    payments alone, so that what the regulator asks for is never hidden by it.
    """

    lifecycle = PAUSE

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="pauses")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    reason = EncryptedTextField(_("reason"))
    agreed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(_("agreed"))
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_reason = EncryptedTextField(_("why it ended"), null=True)

    objects = PauseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="servicing_pause_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="servicing_pause_as_agreed",
                fields=["loan", "starts_on", "ends_on", "agreed_by", "agreed_at"],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(PAUSE, "servicing_pause_status_known"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="servicing_pause_has_days_and_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="agreed", ended_by=None, ended_at=None, ended_reason__isnull=True
                )
                | Q(
                    status="ended",
                    ended_by__isnull=False,
                    ended_at__isnull=False,
                    ended_reason__isnull=False,
                ),
                name="servicing_pause_ended_with_reason",
            ),
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(status="agreed"),
                name="servicing_pause_one_at_a_time",
            ),
        ]
        verbose_name = _("pause for hardship")
        verbose_name_plural = _("pauses for hardship")

    def __str__(self) -> str:
        return f"{self.starts_on} - {self.ends_on}"
