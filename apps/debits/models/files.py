"""Files of debits for the bank, and what is asked for in them."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core import withheld
from apps.core.fields import EncryptedBytesField, EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.debits.lifecycle import DEBIT, FILE, GIVEN_UP, PAID, UNDERWAY, WRITTEN
from apps.debits.models.mandates import Mandate
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent, StatementLine


class DebitFileQuerySet(models.QuerySet["DebitFile"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "DebitFileQuerySet":
        """Keep the files of the branches the person works in; a whole lender's for who sees all."""
        return self.filter(accounts.in_reach(actor))


class DebitFile(Identified, Timestamped, Stateful):
    """Debits of one day for the bank: made by one person and released by another.

    Its bytes are written when it is released, of what still stands then, and are not changed
    afterwards. What the machine prepared has no maker until somebody takes it on.
    """

    lifecycle = FILE

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    # None: of the whole lender.
    branch = models.ForeignKey(Branch, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(_("number"))
    currency = models.CharField(_("currency"), max_length=3)
    collect_on = models.DateField(_("to be collected on"))
    # How many loans with a mandate were left out, by the code of why.
    left_out = models.JSONField(default=dict)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("prepared"))
    released_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(_("released"), null=True)
    layout = models.CharField(_("layout"), max_length=40, blank=True)
    debits_count = models.PositiveIntegerField(_("debits"), null=True)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=2, null=True)
    # Sealed: it holds names and account numbers. The hash is of the plain bytes.
    content = EncryptedBytesField(_("content"), null=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    withdrawn_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    # Sealed: it may tell about a borrower.
    withdrawn_reason = EncryptedTextField(_("why it was withdrawn"), null=True)

    objects = DebitFileQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("prepare_debits", _("Prepare files of debits")),
            ("release_debits", _("Release files of debits that another person prepared")),
            ("recall_debits", _("Ask that a file of debits be recalled")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="debits_file_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="debits_file_as_prepared",
                fields=["entity", "branch", "number", "currency", "collect_on", "made_at"],
            ),
            # The sealed content stays writable, so that keys can be rotated; the hash holds it.
            pgtrigger.Protect(
                name="debits_file_as_released",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.sha256 <> '' AND (OLD.sha256, OLD.layout, OLD.debits_count, OLD.total,"
                    " OLD.made_by_id, OLD.released_by_id, OLD.released_at) IS DISTINCT FROM"
                    " (NEW.sha256, NEW.layout, NEW.debits_count, NEW.total, NEW.made_by_id,"
                    " NEW.released_by_id, NEW.released_at)"
                ),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(FILE, "debits_file_status_known"),
            models.UniqueConstraint(fields=["entity", "number"], name="debits_file_number"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "withdrawn"]) | Q(made_by__isnull=False),
                name="debits_file_made_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=WRITTEN,
                    released_by__isnull=False,
                    released_at__isnull=False,
                    content__isnull=False,
                    debits_count__gt=0,
                    total__gt=0,
                )
                & ~Q(sha256="")
                & ~Q(released_by=F("made_by"))
                | ~Q(status__in=WRITTEN)
                & Q(released_by__isnull=True, content__isnull=True, sha256=""),
                name="debits_file_released_by_another",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["branch", "-made_at", "-id"], name="debits_files_newest"),
        ]
        verbose_name = _("file of debits")
        verbose_name_plural = _("files of debits")

    def __str__(self) -> str:
        return f"{self.entity.code}-DD{self.number:06}"


class DebitQuerySet(models.QuerySet["Debit"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "DebitQuerySet":
        """Keep the debits of loans of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")


class Debit(Identified, Timestamped, Stateful):
    """One amount the bank is asked to take from a borrower's account, and what it answered.

    While one is underway for a loan there is no other, so that nothing is asked for twice at a
    time. `due_date` is the instalment it is for, the last one where earlier ones are overdue.
    """

    lifecycle = DEBIT

    file = models.ForeignKey(DebitFile, on_delete=models.PROTECT, related_name="debits")
    number = models.PositiveIntegerField(_("number"))
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="debits")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="debits")
    reference = models.CharField(_("reference"), max_length=60, unique=True)
    due_date = models.DateField(_("due"))
    attempt = models.PositiveSmallIntegerField(_("try"), default=1)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    # What was owed: more than the amount where the mandate allows no more.
    owed = models.DecimalField(_("owed"), max_digits=18, decimal_places=2)
    # Why it was withdrawn or recalled, or failed, or was returned: a code.
    reason_code = models.CharField(_("reason"), max_length=24, blank=True)
    collected = models.DecimalField(_("collected"), max_digits=18, decimal_places=2, null=True)
    value_date = models.DateField(_("value date"), null=True)
    bank_reference = models.CharField(_("the bank's reference"), max_length=60, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    event = models.OneToOneField(
        AccountEvent, null=True, on_delete=models.PROTECT, related_name="debit"
    )
    # Where the money waits, or waited, that the loan did not take.
    kept = models.OneToOneField(
        StatementLine, null=True, on_delete=models.PROTECT, related_name="debit"
    )
    # What the borrower is charged for it, where the product has such a charge.
    charge = models.OneToOneField(
        AccountEvent, null=True, on_delete=models.PROTECT, related_name="failed_debit"
    )
    # The day from which it is tried again; none where nobody tries again by itself.
    retry_on = models.DateField(_("tried again from"), null=True)
    # Something a person has to look at; done when somebody said what became of it.
    needs_look = models.BooleanField(default=False)
    looked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    looked_at = models.DateTimeField(_("looked at"), null=True)
    note = EncryptedTextField(_("note"), null=True)

    objects = DebitQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("follow_debits", _("Follow up debits that failed"))]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="debits_debit_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="debits_debit_as_asked",
                fields=[
                    *("file", "number", "mandate", "loan", "reference", "due_date", "attempt"),
                    *("amount", "owed"),
                ],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(DEBIT, "debits_debit_status_known"),
            models.UniqueConstraint(fields=["file", "number"], name="debits_debit_number"),
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(status__in=UNDERWAY),
                name="debits_debit_one_underway",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, owed__gte=F("amount"), attempt__gte=1),
                name="debits_debit_of_what_is_owed",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=PAID,
                    collected__gt=0,
                    value_date__isnull=False,
                )
                # More than was asked for is on no loan: it is kept.
                & (Q(collected__lte=F("amount")) | Q(kept__isnull=False))
                & (Q(event__isnull=False) ^ Q(kept__isnull=False))
                | ~Q(status__in=PAID)
                & Q(collected__isnull=True, event__isnull=True, kept__isnull=True),
                name="debits_debit_collected_on_an_account",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["failed", "returned", *GIVEN_UP]) | ~Q(reason_code=""),
                name="debits_debit_failed_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(looked_by__isnull=True, looked_at__isnull=True)
                | Q(looked_by__isnull=False, looked_at__isnull=False, needs_look=False),
                name="debits_debit_looked_at_by_somebody",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["loan", "-due_date", "-attempt"], name="debits_debits_of_loan"),
            models.Index(
                fields=["answered_at", "id"],
                condition=Q(needs_look=True),
                name="debits_debits_to_look_at",
            ),
            models.Index(
                fields=["mandate"],
                condition=Q(status__in=UNDERWAY),
                name="debits_debits_underway",
            ),
        ]
        verbose_name = _("debit")
        verbose_name_plural = _("debits")

    def __str__(self) -> str:
        return self.reference

    @property
    def missing(self) -> Decimal:
        """What of the amount did not come."""
        return self.amount - (self.collected or Decimal(0))
