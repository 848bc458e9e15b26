"""Entries and their lines: the ledger itself."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import DateField, F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.audit.models import append_only_triggers
from apps.ledger import hooks
from apps.ledger.chart import REVERSALS, Account, Event, Side
from apps.ledger.lines import Line as Content
from apps.ledger.models import bounds
from apps.ledger.models.keeping import Posted, PostedQuerySet

# The fact of an entry that corrects a closed day: that day, as ISO 8601.
OF_DAY = "of_day"


class EntryQuerySet(PostedQuerySet):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "EntryQuerySet":
        """Keep the entries of the branches the person works in, but for loans withheld."""
        return hooks.not_withheld(self.filter(accounts.in_reach(actor)), actor)

    def with_of_day(self) -> "EntryQuerySet":
        """Let each entry say as `of_day` which day it belongs to.

        That is its own, but for what corrects a closed day: it is posted later, and its facts say
        of which day it is.
        """
        told = Cast(KT(f"facts__{OF_DAY}"), DateField())
        return self.annotate(of_day=Coalesce(told, F("day")))


class Entry(Posted):
    """One event of the book: a balanced set of lines, in one branch and one currency.

    `day` is the day it counts for, of the entity's calendar; `posted_at` the moment it was known.
    The reference comes from whoever posts and makes sure that the same thing is posted once. Loan
    and customer are keys only: who lies above proves that they exist. An entry is taken back by
    one that `reverses` it, once. Facts hold no personal data.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.CharField(_("event"), max_length=24)
    day = models.DateField(_("day"))
    posted_at = models.DateTimeField(_("posted"))
    # Unique below: asked for as a whole only, it needs no index for beginnings.
    reference = models.CharField(_("reference"), max_length=120)
    # Triggers see to it that the branch is there, once for all entries of a statement, and that it
    # stays: a look for each entry at its commit is a twentieth of a night.
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    currency = models.CharField(_("currency"), max_length=3)
    loan_id = models.UUIDField(_("loan"), null=True)
    customer_id = models.UUIDField(_("customer"), null=True)
    reverses = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reversal"
    )
    actor = models.CharField(_("who"), max_length=80)
    facts = models.JSONField(_("facts"), default=dict, encoder=DjangoJSONEncoder)

    # The base refuses changes; this one also knows who may see what.
    objects = EntryQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_ledger", _("Read the ledger: trial balance, entries and proofs")),
            ("export_journal", _("Export the journal for an accounting system")),
            ("prove_ledger", _("Prove the ledger now")),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            *append_only_triggers("ledger_entry"),
            pgtrigger.Trigger(
                name="ledger_entry_fits",
                level=pgtrigger.Statement,
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                referencing=pgtrigger.Referencing(new="written"),
                declare=[("entity", "UUID"), ("culprit", "TEXT")],
                func=bounds.ENTRIES_FIT,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(event__in=[event.value for event in Event]),
                name="ledger_entry_event_known",
            ),
            models.CheckConstraint(
                condition=Q(event__in=[event.value for event in REVERSALS], reverses__isnull=False)
                | (~Q(event__in=[event.value for event in REVERSALS]) & Q(reverses__isnull=True)),
                name="ledger_entry_reversals_reverse",
            ),
            models.CheckConstraint(
                condition=~Q(reference="") & ~Q(actor=""), name="ledger_entry_says_who_and_what"
            ),
            models.UniqueConstraint(fields=["reference"], name="ledger_entry_reference_once"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["loan_id", "day", "id"],
                condition=Q(loan_id__isnull=False),
                name="ledger_entry_of_loan",
            ),
            models.Index(fields=["day", "id"], name="ledger_entry_by_day"),
            # The lowest and the highest currency of a loan, which a trigger asks for, are one.
            models.Index(
                fields=["loan_id", "currency"],
                condition=Q(loan_id__isnull=False),
                name="ledger_entry_loan_currency",
            ),
        ]
        verbose_name = _("entry")
        verbose_name_plural = _("entries")

    def __str__(self) -> str:
        return f"{self.pk}"

    def content(self) -> tuple[Content, ...]:
        """Return the lines as they were posted, in their order."""
        lines = sorted(self.lines.all(), key=lambda line: line.number)
        return tuple(line.content() for line in lines)


class Awaited(models.Model):
    """Entries of a statement that ended before their lines were written; gone by the commit.

    Nobody writes here but a trigger: what was noted is looked at when the transaction commits,
    whatever becomes of the row until then.
    """

    entries = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "ledger_awaited"
        default_permissions = ()
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="ledger_entry_has_lines",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                declare=[("culprit", "BIGINT")],
                func=bounds.HAVE_LINES,
            ),
        ]
        verbose_name = _("entries without lines yet")
        verbose_name_plural = _("entries without lines yet")

    def __str__(self) -> str:
        return f"{self.pk}"


class Line(Posted):
    """A debit or a credit of one account.

    What it repeats of its entry - day, branch, currency, loan - makes balances a matter of one
    index; a trigger keeps the two equal, and neither ever changes.
    """

    pk = models.CompositePrimaryKey("entry_id", "number")
    # Triggers see to it that the entry is there, for all lines of a statement at once.
    entry = models.ForeignKey(
        Entry,
        on_delete=models.PROTECT,
        related_name="lines",
        db_constraint=False,
        db_index=False,
    )
    number = models.PositiveSmallIntegerField(_("number"))
    account = models.CharField(_("account"), max_length=24)
    debit = models.DecimalField(_("debit"), max_digits=18, decimal_places=2, default=Decimal(0))
    credit = models.DecimalField(_("credit"), max_digits=18, decimal_places=2, default=Decimal(0))
    day = models.DateField(_("day"))
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    currency = models.CharField(_("currency"), max_length=3)
    loan_id = models.UUIDField(_("loan"), null=True)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            *append_only_triggers("ledger_line"),
            pgtrigger.Trigger(
                name="ledger_line_fits",
                level=pgtrigger.Statement,
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                referencing=pgtrigger.Referencing(new="written"),
                declare=[("culprit", "BIGINT"), ("reverses", "BOOLEAN")],
                func=bounds.LINES_FIT,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(debit__gt=0, credit=0) | Q(debit=0, credit__gt=0),
                name="ledger_line_one_side",
            ),
            models.CheckConstraint(
                condition=Q(account__in=[account.value for account in Account]),
                name="ledger_line_account_known",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            # The balances of one loan, as of any day, without a look at the table.
            models.Index(
                fields=["loan_id", "account", "day"],
                include=["debit", "credit"],
                condition=Q(loan_id__isnull=False),
                name="ledger_line_of_loan",
            ),
            models.Index(
                fields=["account", "day", "entry_id", "number"], name="ledger_line_of_account"
            ),
            # Lines come by day: the sums since the last closing read only the end of the table.
            BrinIndex(fields=["day"], name="ledger_line_by_day"),
        ]
        verbose_name = _("line")
        verbose_name_plural = _("lines")

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.number}"

    def content(self) -> Content:
        """Return the line as it was posted."""
        if self.debit:
            return Content(Account(self.account), Side.DEBIT, self.debit)
        return Content(Account(self.account), Side.CREDIT, self.credit)
