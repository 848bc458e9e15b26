"""Receipts as they were first printed: frozen by hash, printed again as they are."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import withheld
from apps.core.fields import EncryptedBytesField, EncryptedJSONField
from apps.core.models import Identified, Timestamped
from apps.loans.models import Loan
from apps.repayments.models.event import AccountEvent


class ReceiptPaperQuerySet(models.QuerySet["ReceiptPaper"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "ReceiptPaperQuerySet":
        """Keep the receipts of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")


class ReceiptPaper(Identified, Timestamped):
    """The receipt of one payment. Set when it is first asked for; the same bytes ever after.

    It says how the loan stood then. A payment that is taken back later keeps the receipt that was
    given for it; pages say that it no longer counts.
    """

    event = models.OneToOneField(AccountEvent, on_delete=models.PROTECT, related_name="paper")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="receipts")
    # Counted within the loan; no receipt is missing between two.
    number = models.PositiveIntegerField(_("number"))
    language = models.CharField(_("language"), max_length=8)
    template_version = models.CharField(_("template"), max_length=20)
    facts = EncryptedJSONField(_("facts"))
    facts_sha256 = models.CharField(max_length=64)
    pdf = EncryptedBytesField()
    pdf_sha256 = models.CharField(_("PDF hash"), max_length=64)
    # The typesetter with its version: only the same one must set the same PDF again.
    engine = models.CharField(_("typesetter"), max_length=40)
    # None: the borrower, on the own page.
    printed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    printed_at = models.DateTimeField(_("first printed"))

    objects = ReceiptPaperQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("print_receipt", _("Print receipts of payments"))]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["loan", "number"], name="repayments_receipt_paper_number"
            ),
            models.CheckConstraint(
                condition=~Q(facts_sha256="") & ~Q(pdf_sha256="") & Q(number__gte=1),
                name="repayments_receipt_paper_has_hashes",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="receipt_paper_kept", operation=pgtrigger.Delete),
            # The sealed columns stay writable, so that keys can be rotated; their hashes do not.
            pgtrigger.ReadOnly(
                name="receipt_paper_frozen",
                fields=[
                    *("event", "loan", "number", "language", "template_version"),
                    *("facts_sha256", "pdf_sha256", "engine", "printed_by", "printed_at"),
                ],
            ),
        ]
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The receipt's number as it stands on the paper."""
        return f"{self.loan.number}/R{self.number}"
