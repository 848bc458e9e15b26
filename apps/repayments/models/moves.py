"""Which loan moved from one branch to another, and on which day."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch
from apps.core.models import Identified
from apps.loans.models import Loan


class BranchMove(Identified):
    """A loan that went from one branch to another; it never changes, going back is another one.

    From its day on everything of the loan is posted in the branch it came to; what becomes known
    of an earlier day is posted where the loan was then, and carried on (`services.carrying`).
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="moves")
    number = models.PositiveSmallIntegerField(_("number"))
    day = models.DateField(_("day"))
    from_branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, related_name="+", verbose_name=_("from")
    )
    to_branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, related_name="+", verbose_name=_("to")
    )
    moved_at = models.DateTimeField(_("moved"))

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="repayments_move_kept", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["loan", "number"], name="repayments_move_number"),
            models.CheckConstraint(
                condition=~Q(from_branch=F("to_branch")), name="repayments_move_elsewhere"
            ),
        ]
        verbose_name = _("move of a loan")
        verbose_name_plural = _("moves of loans")

    def __str__(self) -> str:
        return f"{self.day}"
