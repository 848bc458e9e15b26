"""Who works on which overdue loan, since when and until when."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import withheld
from apps.core.models import Identified, Timestamped
from apps.loans.models import Loan


class OfLoan(models.QuerySet[Any]):
    """Rows of loans: which a person may see."""

    def visible_to(self, actor: User) -> "OfLoan":
        """Keep the rows of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")


class Assignment(Identified, Timestamped):
    """One collector works on a loan: who took it, or whom a manager gave it to.

    A loan has one that stands; those that ended stay as they were.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="collectors")
    collector = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assigned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField(_("given"))
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = OfLoan.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_worklist", _("See which overdue loans are worked on, and how")),
            ("work_case", _("Work on overdue loans")),
            ("assign_case", _("Give overdue loans to collectors")),
            ("record_legal_step", _("Write down legal steps on overdue loans")),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(ended_at__isnull=True),
                name="collections_one_collector",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_by__isnull=False, ended_at__gte=F("assigned_at")),
                name="collections_assignment_ended_by_somebody",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["collector", "loan"],
                condition=Q(ended_at__isnull=True),
                name="collections_of_collector",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="collections_assignment_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="collections_assignment_made",
                fields=["loan", "collector", "assigned_by", "assigned_at"],
            ),
            pgtrigger.Protect(
                name="collections_assignment_ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.ended_at IS NOT NULL"),
            ),
        ]
        verbose_name = _("collector of a loan")
        verbose_name_plural = _("collectors of loans")

    def __str__(self) -> str:
        return f"{self.loan_id} {self.collector_id}"
