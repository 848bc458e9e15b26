"""How a loan ended: the letter that nothing is owed, and what went back to the borrower."""

from datetime import date, timedelta
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Timestamped
from apps.letters.models import Letter
from apps.loans.models import Loan

# Rule book 6.11: property documents go back within 30 days of full repayment.
PAPERS_BACK_DAYS = 30


class Closure(Identified, Timestamped):
    """A loan that was repaid, with its letter of no dues; it never changes.

    Where what closed the loan is taken back, the loan runs again: this stays as what was said, and
    the loan is closed once more with a number of its own.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="closures")
    number = models.PositiveSmallIntegerField(_("number"))
    repaid_date = models.DateField(_("repaid"))
    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, related_name="+")
    # How many things under the loan a release was asked for.
    releases = models.PositiveSmallIntegerField(_("releases asked for"), default=0)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed"))

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="servicing_closure_kept", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["loan", "number"], name="servicing_closure_number")
        ]
        verbose_name = _("closure")
        verbose_name_plural = _("closures")

    def __str__(self) -> str:
        return f"{self.loan}-N{self.number}"

    @property
    def papers_due_date(self) -> date:
        """By when what was pledged goes back."""
        return self.repaid_date + timedelta(days=PAPERS_BACK_DAYS)
