"""Payments of loans: asked for by one person, approved by another, instructed and confirmed."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Entity, User
from apps.core import withheld
from apps.core.fields import EncryptedBytesField, EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.ledger.models import Entry
from apps.loans.lifecycle import DISBURSEMENT, ENDED, HELD
from apps.loans.models.bounds import TWO_PEOPLE, WITHIN_LOAN
from apps.loans.models.contract import Loan

_AS_ASKED = (
    *("loan", "number", "tranche", "reference", "amount", "deducted", "netted"),
    *("net_amount", "currency"),
    *("planned_date", "rest_planned_date", "requested_by", "requested_at", "alone_limit"),
)


class DisbursementLimit(Identified, Timestamped):
    """The most of a loan that somebody of a role has paid out and needs no second person for.

    No row means that every payment takes two people.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "role", "currency"], name="loans_disbursement_limit_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0), name="loans_disbursement_limit_not_negative"
            ),
        ]
        verbose_name = _("disbursement limit")
        verbose_name_plural = _("disbursement limits")

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"


class PaymentFileQuerySet(models.QuerySet["PaymentFile"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "PaymentFileQuerySet":
        """Keep the files all of whose payments the person may see."""
        seen = Disbursement.objects.visible_to(actor).values("pk")
        beyond = Disbursement.objects.filter(payment_file=OuterRef("pk")).exclude(pk__in=seen)
        return self.filter(~Exists(beyond))


class PaymentFile(Identified):
    """A file of payment instructions as it was made: the bank gets these bytes and no others."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(_("number"))
    layout = models.CharField(_("layout"), max_length=40)
    currency = models.CharField(_("currency"), max_length=3)
    payments = models.PositiveIntegerField(_("payments"))
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=2)
    # Sealed: it holds names and account numbers. The hash is of the plain bytes.
    content = EncryptedBytesField(_("content"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made"))

    objects = PaymentFileQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="loans_payment_file_kept", operation=pgtrigger.Delete),
            # The sealed content stays writable, so that keys can be rotated; the hash holds it.
            pgtrigger.ReadOnly(
                name="loans_payment_file_as_made",
                fields=[
                    *("entity", "number", "layout", "currency", "payments", "total"),
                    *("sha256", "made_by", "made_at"),
                ],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "number"], name="loans_payment_file_number"),
            models.UniqueConstraint(fields=["sha256"], name="loans_payment_file_once"),
        ]
        verbose_name = _("payment file")
        verbose_name_plural = _("payment files")

    def __str__(self) -> str:
        return f"{self.entity.code}-{self.number:06}"


class DisbursementQuerySet(models.QuerySet["Disbursement"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "DisbursementQuerySet":
        """Keep the payments of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")


class Disbursement(Identified, Timestamped, Stateful):
    """One payment of a loan, or of one of its tranches, to the borrower's own account.

    Above the limit of the person who asks, another person approves. Within it, somebody else at
    least records the acceptance or tells the bank: no amount goes out by one person of the lender
    alone. The database knows both, too.
    """

    lifecycle = DISBURSEMENT

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="disbursements")
    number = models.PositiveSmallIntegerField(_("number"))
    tranche = models.PositiveSmallIntegerField(_("tranche"))
    # Whoever asks twice with one reference has asked once.
    reference = models.CharField(_("reference"), max_length=40, unique=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    deducted = models.DecimalField(_("deducted"), max_digits=18, decimal_places=2)
    # What pays off another loan of the borrower and is not paid out.
    netted = models.DecimalField(
        _("for another loan"), max_digits=18, decimal_places=2, default=Decimal(0)
    )
    net_amount = models.DecimalField(_("paid out"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    planned_date = models.DateField(_("to be paid on"))
    # When what is left of the loan is to follow; none where this is all of it.
    rest_planned_date = models.DateField(_("the rest on"), null=True)
    holder = EncryptedTextField(_("account holder"))
    account_number = EncryptedTextField(_("account number"))
    account_tail = models.CharField(_("account"), max_length=12)
    bank_code = models.CharField(_("bank code"), max_length=20)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(_("asked for"))
    # What the person who asked could have paid alone on that day.
    alone_limit = models.DecimalField(_("limit of one"), max_digits=18, decimal_places=2)
    checked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(_("approved"), null=True)
    payment_file = models.ForeignKey(
        PaymentFile, null=True, on_delete=models.PROTECT, related_name="disbursements"
    )
    paid_date = models.DateField(_("paid on"), null=True)
    bank_reference = models.CharField(_("the bank's reference"), max_length=60, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    ended_reason = models.CharField(_("reason"), max_length=300, blank=True)
    # None: the borrower, who stepped back by a signed link.
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = DisbursementQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="loans_disbursement_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="loans_disbursement_as_asked", fields=[*_AS_ASKED]),
            pgtrigger.Trigger(
                name="loans_disbursement_within_loan",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("status"),
                when=pgtrigger.Before,
                declare=[("lent", "RECORD")],
                func=WITHIN_LOAN,
            ),
            pgtrigger.Trigger(
                name="loans_disbursement_two_people",
                operation=pgtrigger.UpdateOf("status"),
                when=pgtrigger.Before,
                func=TWO_PEOPLE,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(DISBURSEMENT, "loans_disbursement_status_known"),
            models.UniqueConstraint(fields=["loan", "number"], name="loans_disbursement_number"),
            models.UniqueConstraint(
                fields=["loan", "tranche"],
                condition=Q(status__in=HELD),
                name="loans_tranche_paid_once",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, deducted__gte=0, netted__gte=0, net_amount__gt=0)
                & Q(net_amount=F("amount") - F("deducted") - F("netted")),
                name="loans_disbursement_amounts_agree",
            ),
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True) | ~Q(checked_by=F("requested_by")),
                name="loans_checker_is_another",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "refused", "cancelled"])
                | Q(checked_by__isnull=False, checked_at__isnull=False)
                | Q(alone_limit__gte=F("amount")),
                name="loans_disbursement_checked",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["paid", "reversed"])
                | Q(paid_date__isnull=False, entry__isnull=False, confirmed_by__isnull=False)
                & ~Q(bank_reference=""),
                name="loans_disbursement_paid_on_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=ENDED)
                | (Q(ended_by__isnull=False) | Q(status="cancelled"))
                & Q(ended_at__isnull=False)
                & ~Q(ended_reason=""),
                name="loans_disbursement_ended_for_a_reason",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["planned_date", "id"],
                condition=Q(status__in=["requested", "approved", "instructed"]),
                name="loans_payments_waiting",
            ),
            # The few loans that are paid out in stages.
            models.Index(
                fields=["loan"],
                condition=Q(rest_planned_date__isnull=False),
                name="loans_payments_in_part",
            ),
        ]
        verbose_name = _("disbursement")
        verbose_name_plural = _("disbursements")

    def __str__(self) -> str:
        return self.reference
