"""Loans and what became of them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.core.models import Identified, Timestamped
from apps.customers.models import Customer
from apps.products.models import Product


class LoanQuerySet(models.QuerySet["Loan"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "LoanQuerySet":
        """Keep the loans of the branches the person works in."""
        return self.filter(accounts.in_reach(actor))


class Loan(Identified, Timestamped):
    """A loan contract as paid out."""

    number = models.CharField(_("loan number"), max_length=24, unique=True)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="loans")
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="loan")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="loans")
    principal = models.DecimalField(_("principal"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    annual_rate = models.DecimalField(_("interest rate a year"), max_digits=7, decimal_places=6)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    instalment = models.DecimalField(_("instalment"), max_digits=18, decimal_places=2)
    disbursed_date = models.DateField(_("disbursed"), db_index=True)
    source = models.CharField(_("source"), max_length=60, blank=True)
    source_reference = models.CharField(_("reference there"), max_length=80, blank=True)

    objects = LoanQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("view_loan", _("See loans"))]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(principal__gt=0), name="loans_principal_positive"),
            models.UniqueConstraint(
                fields=["source", "source_reference"],
                condition=~Q(source=""),
                name="loans_source_once",
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["branch", "-disbursed_date", "id"])]
        verbose_name = _("loan")
        verbose_name_plural = _("loans")

    def __str__(self) -> str:
        return self.number


class Outcome(Identified, Timestamped):
    """What became of a finished loan, as its tape reports it. Never a feature, only a label."""

    loan = models.OneToOneField(Loan, on_delete=models.CASCADE, related_name="outcome")
    defaulted = models.BooleanField(_("defaulted"))
    reported_status = models.CharField(_("status on the tape"), max_length=80)
    total_paid = models.DecimalField(_("paid in all"), max_digits=18, decimal_places=2, null=True)
    principal_paid = models.DecimalField(
        _("principal paid"), max_digits=18, decimal_places=2, null=True
    )
    interest_paid = models.DecimalField(
        _("interest paid"), max_digits=18, decimal_places=2, null=True
    )
    recovered = models.DecimalField(
        _("recovered after default"), max_digits=18, decimal_places=2, null=True
    )
    recovery_cost = models.DecimalField(
        _("cost of recovery"), max_digits=18, decimal_places=2, null=True
    )
    last_payment_date = models.DateField(_("last payment"), null=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("loan outcome")
        verbose_name_plural = _("loan outcomes")

    def __str__(self) -> str:
        return self.reported_status
