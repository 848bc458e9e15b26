"""What the bank answered to debits: its files, and what became of each of their rows."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.fields import EncryptedJSONField, EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.debits.lifecycle import ANSWER, ANSWERS, TAKEN
from apps.debits.models.files import Debit


class AnswerFileQuerySet(models.QuerySet["AnswerFile"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "AnswerFileQuerySet":
        """Keep the answers taken in for branches the person works in."""
        return self.filter(accounts.in_reach(actor))


class AnswerFile(Identified, Timestamped, Stateful):
    """What the bank answered, as it was sent; the same bytes of a lender are the same file.

    The totals of its trailer agree with its rows, but for what stands in rows that cannot be read.
    """

    lifecycle = ANSWERS

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+")
    filename = EncryptedTextField(_("file name"))
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64, editable=False)
    currency = models.CharField(_("currency"), max_length=3)
    # The bank's own name of the file.
    bank_reference = models.CharField(_("the bank's file"), max_length=60)
    total_rows = models.PositiveIntegerField(_("rows"))
    # As the trailer says.
    collected = models.DecimalField(_("collected"), max_digits=18, decimal_places=2)
    returned = models.DecimalField(_("returned"), max_digits=18, decimal_places=2)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"))
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = AnswerFileQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("answer_debits", _("Take in what the bank answers to debits"))]
        constraints: ClassVar[list[Any]] = [
            status_constraint(ANSWERS, "debits_answers_status_known"),
            models.UniqueConstraint(fields=["entity", "sha256"], name="debits_answers_once"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["branch", "-uploaded_at", "-id"], name="debits_answers_newest"),
            models.Index(
                fields=["updated_at"],
                condition=Q(status="running"),
                name="debits_answers_at_work",
            ),
        ]
        verbose_name = _("answers of the bank")
        verbose_name_plural = _("answers of the bank")

    def __str__(self) -> str:
        return self.bank_reference

    @property
    def is_at_work(self) -> bool:
        """Whether a worker is at it."""
        return self.status == "running"


class AnswerLineQuerySet(models.QuerySet["AnswerLine"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "AnswerLineQuerySet":
        """Keep the rows of answers taken in for branches the person works in."""
        return self.filter(accounts.in_reach(actor, branch_field="file__branch_id"))


class AnswerLine(Identified, Stateful):
    """One row of the bank's answers, and what became of it.

    A debit is collected once and fails or is returned once, whatever the bank sends again.
    """

    lifecycle = ANSWER

    class Outcome(models.TextChoices):
        COLLECTED = "collected", _("Collected")
        FAILED = "failed", _("Failed")
        RETURNED = "returned", _("Returned later")

    file = models.ForeignKey(AnswerFile, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField(_("row"))
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True)
    value_date = models.DateField(_("value date"), null=True)
    reason_code = models.CharField(_("reason"), max_length=24, blank=True)
    bank_reference = models.CharField(_("the bank's reference"), max_length=60, blank=True)
    cells = EncryptedJSONField(_("cells"))
    # What is wrong, as `table_faults.Fault.to_json` writes it; no personal values.
    faults = models.JSONField(_("faults"), default=list, encoder=DjangoJSONEncoder)
    because = models.CharField(_("because"), max_length=24, blank=True)
    debit = models.ForeignKey(Debit, null=True, on_delete=models.PROTECT, related_name="answers")
    # Who posted it on another day, or said what became of a row that was refused.
    settled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(_("settled"), null=True)
    note = EncryptedTextField(_("note"), null=True)

    objects = AnswerLineQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="debits_answer_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="debits_answer_as_sent",
                fields=[
                    *("file", "number", "reference", "outcome", "amount", "value_date"),
                    *("reason_code", "bank_reference"),
                ],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(ANSWER, "debits_answer_status_known"),
            models.UniqueConstraint(fields=["file", "number"], name="debits_answer_number"),
            models.UniqueConstraint(
                fields=["debit", "outcome"],
                condition=Q(status__in=TAKEN),
                name="debits_answer_taken_once",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=TAKEN) | Q(debit__isnull=False),
                name="debits_answer_to_a_debit",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed")
                | Q(settled_by__isnull=False, settled_at__isnull=False, note__isnull=False),
                name="debits_answer_closed_by_somebody",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["file", "status", "number"], name="debits_answer_by_status"),
            models.Index(
                fields=["file", "id"],
                condition=Q(status="refused"),
                name="debits_answers_refused",
            ),
        ]
        verbose_name = _("row of the bank's answers")
        verbose_name_plural = _("rows of the bank's answers")

    def __str__(self) -> str:
        return self.reference or f"{self.number}"

    @property
    def money(self) -> Decimal:
        """What it is about. Raises LookupError for a row without an amount."""
        if self.amount is None:
            raise LookupError("A row that cannot be read has no amount.")
        return self.amount
