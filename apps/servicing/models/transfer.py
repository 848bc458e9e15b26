"""Transfers of loans between branches: one person asks, another of the receiving branch agrees."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.core import withheld
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.loans.models import Loan
from apps.repayments.models import BranchMove
from apps.servicing.lifecycle import PROPOSAL

_AS_PROPOSED = (
    *("loan", "from_branch", "to_branch", "reference"),
    *("proposed_by", "proposed_at"),
)


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "TransferQuerySet":
        """Keep the transfers from or to the branches the person works in, but those withheld."""
        seen = self.filter(
            accounts.in_reach(actor, branch_field="from_branch_id")
            | accounts.in_reach(actor, branch_field="to_branch_id")
        )
        return withheld.without(seen, actor, field="loan__application_id")


class Transfer(Identified, Timestamped, Stateful):
    """A loan that is to go to another branch; nothing moves before the second person agrees.

    The second person works in the branch that receives the loan: it answers for it from then on.
    The database refuses a second person who is the first.
    """

    lifecycle = PROPOSAL

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="transfers")
    from_branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, related_name="+", verbose_name=_("from")
    )
    to_branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, related_name="+", verbose_name=_("to")
    )
    reason = EncryptedTextField(_("reason"))
    # Whoever proposes twice with one reference has proposed once.
    reference = models.CharField(_("reference"), max_length=80, unique=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = EncryptedTextField(_("note"), null=True)
    move_made = models.OneToOneField(
        BranchMove, null=True, on_delete=models.PROTECT, related_name="transfer"
    )

    objects = TransferQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_transfer", _("Propose that a loan goes to another branch")),
            ("approve_transfer", _("Take loans over into one's branch that another proposed")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="servicing_transfer_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="servicing_transfer_as_proposed", fields=[*_AS_PROPOSED]),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(PROPOSAL, "servicing_transfer_status_known"),
            models.CheckConstraint(
                condition=~Q(from_branch=F("to_branch")), name="servicing_transfer_elsewhere"
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", answered_by=None, answered_at=None, move_made=None)
                | Q(
                    status="approved",
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                    move_made__isnull=False,
                )
                | Q(
                    status__in=["refused", "withdrawn"],
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                    move_made=None,
                ),
                name="servicing_transfer_answered_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "withdrawn"])
                | ~Q(answered_by=F("proposed_by")),
                name="servicing_transfer_by_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(reference="") & (~Q(status="refused") | Q(answer_note__isnull=False)),
                name="servicing_transfer_says_why",
            ),
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(status="proposed"),
                name="servicing_transfer_one_open",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["proposed_at", "id"],
                condition=Q(status="proposed"),
                name="servicing_transfers_waiting",
            )
        ]
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")

    def __str__(self) -> str:
        return self.reference

    @property
    def note(self) -> str:
        """What the second person said; empty where nothing."""
        return self.answer_note or ""
