"""Proposals to give up what a borrower owes, or to pay money back: one asks, another agrees."""

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
from apps.repayments.models import AccountEvent
from apps.servicing.lifecycle import PROPOSAL

_AS_PROPOSED = (
    *("loan", "kind", "bucket", "amount", "currency", "reference"),
    *("proposed_by", "proposed_at"),
)
_BUCKETS = ("penal", "fee", "tax", "interest", "principal")


class ProposalQuerySet(models.QuerySet["Proposal"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "ProposalQuerySet":
        """Keep the proposals on loans of the branches the person works in, but those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")


class Proposal(Identified, Timestamped, Stateful):
    """A waiver, a write-off or a refund that one person proposes and another approves or refuses.

    Nothing is posted before the second person agrees; then the event on the account stands for it.
    The database refuses a second person who is the first.
    """

    lifecycle = PROPOSAL

    class Kind(models.TextChoices):
        WAIVER = "waiver", _("Waiver")
        WRITE_OFF = "write_off", _("Write-off")
        REFUND = "refund", _("Refund")

    class Bucket(models.TextChoices):
        PENAL = "penal", _("Penal charges")
        FEE = "fee", _("Fees")
        TAX = "tax", _("Taxes")
        INTEREST = "interest", _("Interest")
        PRINCIPAL = "principal", _("Principal")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(_("what"), max_length=12, choices=Kind)
    # Of a waiver: what of the debt is given up.
    bucket = models.CharField(_("of what"), max_length=12, choices=Bucket, blank=True)
    # A write-off is of all that is owed on its day.
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(_("currency"), max_length=3)
    reason = EncryptedTextField(_("reason"))
    # Whoever proposes twice with one reference has proposed once.
    reference = models.CharField(_("reference"), max_length=80, unique=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = EncryptedTextField(_("note"), null=True)
    event = models.OneToOneField(
        AccountEvent, null=True, on_delete=models.PROTECT, related_name="proposal"
    )

    objects = ProposalQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_relief", _("Propose waivers, write-offs and refunds")),
            ("approve_relief", _("Approve waivers, write-offs and refunds of another person")),
            ("change_loan", _("Change the schedule of a running loan")),
            ("restructure_loan", _("Restructure a loan and change its rate")),
            ("close_loan", _("Close repaid loans and issue the letter of no dues")),
            ("manage_rates", _("Keep the table of benchmark rates")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="servicing_proposal_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="servicing_proposal_as_proposed", fields=[*_AS_PROPOSED]),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(PROPOSAL, "servicing_proposal_status_known"),
            models.CheckConstraint(
                condition=Q(kind="waiver", bucket__in=_BUCKETS, amount__gt=0)
                | Q(kind="refund", bucket="", amount__gt=0)
                | Q(kind="write_off", bucket="", amount__isnull=True),
                name="servicing_proposal_says_what",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", answered_by=None, answered_at=None, event=None)
                | Q(
                    status="approved",
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                    event__isnull=False,
                )
                | Q(
                    status__in=["refused", "withdrawn"],
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                    event=None,
                ),
                name="servicing_proposal_answered_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "withdrawn"])
                | ~Q(answered_by=F("proposed_by")),
                name="servicing_proposal_by_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(reference="") & (~Q(status="refused") | Q(answer_note__isnull=False)),
                name="servicing_proposal_says_why",
            ),
            models.UniqueConstraint(
                fields=["loan", "kind", "bucket"],
                condition=Q(status="proposed"),
                name="servicing_proposal_one_open",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["proposed_at", "id"],
                condition=Q(status="proposed"),
                name="servicing_proposals_waiting",
            )
        ]
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")

    def __str__(self) -> str:
        return self.reference

    @property
    def note(self) -> str:
        """What the second person said; empty where nothing."""
        return self.answer_note or ""
