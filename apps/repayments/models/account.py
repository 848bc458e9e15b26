"""How far a loan's account was brought, and what was paid towards charges."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.repayments.models.event import AccountEvent


def _amount(label: Any, **options: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=18, decimal_places=2, default=0, **options)


class LoanAccount(models.Model):
    """The state of a loan's account after its last day; the next fact goes on from here.

    Nothing here is known from elsewhere: a replay of the history says the same, and the proofs
    compare it with the ledger.
    """

    loan = models.OneToOneField(
        Loan, primary_key=True, on_delete=models.PROTECT, related_name="account"
    )
    # Everything up to and with this day is on the books: interest, fees, advances that were due.
    through = models.DateField(_("brought up to"))
    # The last day on which something happened or fell due: what happens then or later only adds.
    moved_on = models.DateField(_("last moved on"), null=True)
    # The last day whose interest is booked, and when that was; a payment of a day that is not over
    # moves `through` and not this.
    accrued_on = models.DateField(_("accrued up to"), null=True)
    accrued_at = models.DateTimeField(_("accrued"), null=True)
    advances = _amount(_("paid ahead"))
    # Interest that was earned and has not fallen due.
    unbilled = _amount(_("interest not due yet"))
    # What a net payment would have kept back, and is still owed.
    upfront_fee = _amount(_("fees owed since it was paid out"))
    upfront_tax = _amount(_("taxes owed since it was paid out"))
    upfront_interest = _amount(_("interest owed since it was paid out"))
    written_off = _amount(_("written off"))
    recovered = _amount(_("recovered since"))
    standing = models.CharField(_("class"), max_length=12, default="standard")
    # How payments are allocated, by class, as the product said when the account began: another
    # order of the product does not reach back into what was paid.
    orders = models.JSONField(default=dict)
    # Whether the contract's interest runs on instalments that are late, as the product said when
    # the account began; None: it began before that was kept, and the product says so.
    overdue_interest = models.BooleanField(_("interest on an unpaid instalment"), null=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(
                    advances__gte=0,
                    unbilled__gte=0,
                    upfront_fee__gte=0,
                    upfront_tax__gte=0,
                    upfront_interest__gte=0,
                    written_off__gte=0,
                    recovered__gte=0,
                ),
                name="repayments_account_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(standing__in=["standard", "npa", "written_off", "settlement"]),
                name="repayments_account_standing_known",
            ),
        ]
        verbose_name = _("account of a loan")
        verbose_name_plural = _("accounts of loans")

    def __str__(self) -> str:
        return f"{self.loan_id}"

    @property
    def upfront(self) -> Decimal:
        """What a net payment would have kept back, and is still owed, in all."""
        amounts: list[Decimal] = [self.upfront_fee, self.upfront_tax, self.upfront_interest]
        return sum(amounts, Decimal(0))


class ChargeAllocation(models.Model):
    """A part of one journal entry that went to a charge, or to what was owed since the pay-out.

    As `loans.Allocation` for instalments: rows are only added, and sum to what was settled.
    """

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    # None: what a net payment would have kept back.
    charge = models.ForeignKey(
        AccountEvent, null=True, on_delete=models.PROTECT, related_name="allocations"
    )
    bucket = models.CharField(_("went to"), max_length=10)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    # How often before a part of the entry came to or left this.
    place = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="repayments_allocation_kept",
                operation=pgtrigger.Update | pgtrigger.Delete,
            )
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entry", "loan", "charge", "bucket", "place"],
                nulls_distinct=False,
                name="repayments_allocation_once",
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="repayments_allocation_not_zero"),
            models.CheckConstraint(
                condition=Q(bucket__in=["penal", "fee", "tax", "interest"]),
                name="repayments_allocation_bucket_known",
            ),
        ]
        verbose_name = _("allocation to a charge")
        verbose_name_plural = _("allocations to charges")

    def __str__(self) -> str:
        return f"{self.bucket} {self.amount}"
