"""Statements of banks and of M-Pesa, and what became of each of their lines."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.fields import EncryptedJSONField, EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.repayments.models.event import AccountEvent
from apps.repayments.statement_lifecycle import AT_WORK, LINE, STATEMENT, TAKEN

# Sealed columns stay writable, so that keys can be rotated.
_AS_SENT = ("file", "entity", "number", "day", "amount", "reference", "key")


class StatementFileQuerySet(models.QuerySet["StatementFile"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "StatementFileQuerySet":
        """Keep the statements uploaded for branches the person works in."""
        return self.filter(accounts.in_reach(actor))


class StatementFile(Identified, Timestamped, Stateful):
    """A statement as it was sent, how it is read, and how far it has come.

    A lender's file is taken once: the same bytes are the same file. Money that no loan was found
    for is kept in the books of the file's branch until somebody places it.
    """

    lifecycle = STATEMENT

    class Layout(models.TextChoices):
        BANK = "bank", _("Bank statement")
        MPESA = "mpesa", _("M-Pesa organisation statement")
        # No statement: what loans did not take of the bank's answers to debits.
        DEBITS = "debits", _("Direct debit")
        # No statement either: money over the counter whose loan is not known yet.
        DESK = "desk", _("Repayment desk")

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name=_("branch"))
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, verbose_name=_("entity"))
    layout = models.CharField(_("layout"), max_length=8, choices=Layout)
    filename = EncryptedTextField(_("file name"))
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64, editable=False)
    format = models.JSONField(_("format"))
    currency = models.CharField(_("currency"), max_length=3)
    header = ArrayField(models.CharField(max_length=80), verbose_name=_("columns of the file"))
    # What stands in which place of the header.
    roles = models.JSONField(_("columns"))
    total_rows = models.PositiveIntegerField(_("rows"))
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"))
    checked_at = models.DateTimeField(_("checked"), null=True)
    # Who let it be posted: the payments count as made by this person.
    started_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = StatementFileQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_statement", _("See statements of banks, and money that is not placed")),
            ("upload_statement", _("Upload statements of banks and post what they say")),
            ("place_money", _("Place money on a loan, and ask for its return")),
            ("return_money", _("Return money that another person asked to return")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(STATEMENT, "repayments_statement_status_known"),
            models.UniqueConstraint(
                fields=["entity", "sha256"],
                condition=~Q(status="discarded"),
                name="repayments_statement_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["running", "finished"], started_by__isnull=False)
                | Q(started_by__isnull=True),
                name="repayments_statement_started_by_somebody",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["branch", "-uploaded_at", "-id"]),
            models.Index(
                fields=["updated_at"],
                condition=Q(status__in=AT_WORK),
                name="repayments_statement_at_work",
            ),
        ]
        verbose_name = _("statement of a bank")
        verbose_name_plural = _("statements of banks")

    def __str__(self) -> str:
        return f"{self.get_layout_display()} {self.sha256[:8]}"

    @property
    def is_at_work(self) -> bool:
        """Whether a worker is at it."""
        return self.status in AT_WORK


class StatementLineQuerySet(models.QuerySet["StatementLine"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "StatementLineQuerySet":
        """Keep the lines of statements uploaded for branches the person works in."""
        return self.filter(accounts.in_reach(actor, branch_field="file__branch_id"))


class StatementLine(Identified, Stateful):
    """One row of a statement, and what became of its money.

    Money is taken once: `key` says which movement of the lender's accounts it is, and no two lines
    of one lender with the same key are posted, wait in suspense or were returned.
    """

    lifecycle = LINE

    file = models.ForeignKey(StatementFile, on_delete=models.CASCADE, related_name="lines")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    number = models.PositiveIntegerField(_("row"))
    day = models.DateField(_("value date"), null=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True)
    # The bank's own name of the movement; empty where the statement has none.
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    key = models.CharField(max_length=80, blank=True, editable=False)
    # The row as it was sent, and what it says of the payer: account, narrative, party, phone.
    cells = EncryptedJSONField(_("cells"))
    details = EncryptedJSONField(_("what the payer wrote"))
    # What is wrong, as `table_faults.Fault.to_json` writes it; no personal values.
    faults = models.JSONField(_("faults"), default=list, encoder=DjangoJSONEncoder)
    # Why it was posted to its loan, or is in suspense, or was passed over: a code.
    because = models.CharField(_("because"), max_length=24, blank=True)
    # Where the money is, or would be: a file that was only checked says so too.
    loan = models.ForeignKey(Loan, null=True, on_delete=models.PROTECT, related_name="+")
    event = models.OneToOneField(
        AccountEvent, null=True, on_delete=models.PROTECT, related_name="statement_line"
    )
    # The entry that took the money into suspense, and the one that let it go again.
    held_entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    released_entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    placed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(_("placed"), null=True)
    return_asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    return_reason = EncryptedTextField(_("why it is returned"), null=True)
    returned_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    returned_at = models.DateTimeField(_("returned"), null=True)

    objects = StatementLineQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.ReadOnly(name="repayments_line_as_sent", fields=[*_AS_SENT]),
            pgtrigger.Protect(
                name="repayments_line_kept",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.status IN ('posted', 'suspense', 'returned')"),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LINE, "repayments_line_status_known"),
            models.UniqueConstraint(fields=["file", "number"], name="repayments_line_number"),
            models.UniqueConstraint(
                fields=["entity", "key"],
                condition=Q(status__in=TAKEN),
                name="repayments_line_taken_once",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["waiting", *TAKEN])
                | Q(day__isnull=False, amount__gt=0) & ~Q(key=""),
                name="repayments_line_of_money",
            ),
            models.CheckConstraint(
                condition=Q(status="posted", loan__isnull=False, event__isnull=False)
                | ~Q(status="posted") & Q(event__isnull=True),
                name="repayments_line_posted_to_a_loan",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["suspense", "returned"], held_entry__isnull=False)
                | ~Q(status__in=["suspense", "returned"]),
                name="repayments_line_held_by_an_entry",
            ),
            models.CheckConstraint(
                condition=Q(status="returned", returned_by__isnull=False)
                & Q(return_asked_by__isnull=False, released_entry__isnull=False)
                & ~Q(returned_by=F("return_asked_by"))
                | ~Q(status="returned") & Q(returned_by__isnull=True),
                name="repayments_line_returned_by_two_people",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["file", "status", "number"], name="repayments_line_by_status"),
            models.Index(
                fields=["day", "id"],
                condition=Q(status="suspense"),
                name="repayments_line_in_suspense",
            ),
        ]
        verbose_name = _("line of a statement")
        verbose_name_plural = _("lines of statements")

    def __str__(self) -> str:
        return self.reference or f"{self.number}"

    @property
    def value_date(self) -> date:
        """The day the money counts from. Raises LookupError for a row that is no money."""
        if self.day is None:
            raise LookupError("A row that brings no money has no value date.")
        return self.day

    @property
    def money(self) -> Decimal:
        """What came in. Raises LookupError for a row that is no money."""
        if self.amount is None:
            raise LookupError("A row that brings no money has no amount.")
        return self.amount


class SuspenseNote(Identified):
    """What somebody found out about money that is not placed yet."""

    line = models.ForeignKey(StatementLine, on_delete=models.CASCADE, related_name="notes")
    text = EncryptedTextField(_("note"))
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written"))

    class Meta:
        default_permissions = ()
        indexes: ClassVar[list[Any]] = [models.Index(fields=["line", "written_at", "id"])]
        verbose_name = _("note on money in suspense")
        verbose_name_plural = _("notes on money in suspense")

    def __str__(self) -> str:
        return f"{self.written_at}"
