"""What borrowers promised to pay, and what became of it."""

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
from apps.repayments import promising


class PromiseQuerySet(models.QuerySet["Promise"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "PromiseQuerySet":
        """Keep the promises of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")


class Promise(Identified, Timestamped, Stateful):
    """A borrower's word to pay an amount by a day. It changes nothing of what is owed or overdue.

    A loan has one open promise: who promises anew withdraws the one before. While it is open nobody
    reminds the borrower; whether it was kept is for `promising.verdict` to say.
    """

    lifecycle = promising.LIFECYCLE

    class Channel(models.TextChoices):
        PHONE = "phone", _("By telephone")
        COUNTER = "counter", _("At the counter")
        VISIT = "visit", _("On a visit")
        MESSAGE = "message", _("By message or e-mail")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="promises")
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    promised_date = models.DateField(_("promised for"))
    channel = models.CharField(_("promised"), max_length=12, choices=Channel)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(_("taken"))
    # By the lender's calendar; what was paid from then on counts.
    taken_date = models.DateField(_("taken on"))
    # What was found to be paid when it was last judged.
    paid = models.DecimalField(_("paid"), max_digits=18, decimal_places=2, default=0)
    judged_at = models.DateTimeField(_("judged"), null=True)
    withdrawn_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    # Sealed: it tells about the borrower.
    withdrawn_reason = EncryptedTextField(_("reason"), null=True)

    objects = PromiseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("take_promise", _("Take and withdraw promises to pay"))]
        constraints: ClassVar[list[Any]] = [
            status_constraint(promising.LIFECYCLE, "repayments_promise_status_known"),
            models.UniqueConstraint(
                fields=["loan"], condition=Q(status="open"), name="repayments_promise_one_open"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, paid__gte=0), name="repayments_promise_of_something"
            ),
            models.CheckConstraint(
                condition=Q(promised_date__gte=F("taken_date")),
                name="repayments_promise_for_a_day_to_come",
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        status="withdrawn",
                        withdrawn_by__isnull=False,
                        withdrawn_at__isnull=False,
                        withdrawn_reason__isnull=False,
                    )
                )
                | (
                    ~Q(status="withdrawn")
                    & Q(
                        withdrawn_by__isnull=True,
                        withdrawn_at__isnull=True,
                        withdrawn_reason__isnull=True,
                    )
                ),
                name="repayments_promise_withdrawn_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="kept") | Q(paid__gte=F("amount")),
                name="repayments_promise_kept_by_money",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["status", "promised_date", "id"], name="repayments_promises_due"),
            models.Index(fields=["loan", "-taken_at"], name="repayments_promises_of_loan"),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="promise_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="promise_as_taken",
                fields=[
                    *("loan", "amount", "currency", "promised_date", "channel"),
                    *("taken_by", "taken_at", "taken_date"),
                ],
            ),
        ]
        verbose_name = _("promise to pay")
        verbose_name_plural = _("promises to pay")

    def __str__(self) -> str:
        return f"{self.currency} {self.amount} {self.promised_date}"

    @property
    def why_withdrawn(self) -> str:
        """Why it was withdrawn; empty where it was not."""
        return self.withdrawn_reason or ""
