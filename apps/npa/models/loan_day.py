"""What was found about each loan at the end of each day: one row, in a partition a month."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core import withheld
from apps.customers.models import Customer
from apps.loans.models import Loan


def _amount(label: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=18, decimal_places=2, default=0)


class LoanDayQuerySet(models.QuerySet["LoanDay"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "LoanDayQuerySet":
        """Keep the loans of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor))
        return withheld.without(seen, actor, field="loan__application_id")


class LoanDay(models.Model):
    """A loan at the end of a day: what is owed, how late it is, its class, its provision.

    Written by the day-end alone, as one statement for many loans. A loan that was repaid or
    written off since the day before has a last row without amounts, whose class says so. The table
    is partitioned by month and keeps no foreign keys in the database: a million rows a night would
    look up as many loans, customers and branches that the statement has just read.

    `principal` is all that is outstanding, due or not. `interest_due` is interest that fell due
    and `interest_earned` what was earned and did not fall due yet; `charges_due` are fees, taxes
    and charges that are due. `interest_suspended`, `fees_suspended` and `penal_suspended` are what
    of them is no income until it is paid (rule book 1.14).
    """

    pk = models.CompositePrimaryKey("day", "loan_id")
    day = models.DateField(_("day"))
    loan = models.ForeignKey(
        Loan, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="days"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    entity = models.ForeignKey(
        Entity, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    branch = models.ForeignKey(
        Branch, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    currency = models.CharField(_("currency"), max_length=3)

    principal = _amount(_("principal"))
    principal_due = _amount(_("principal due"))
    interest_due = _amount(_("interest due"))
    interest_earned = _amount(_("interest not due yet"))
    charges_due = _amount(_("charges due"))

    # The oldest demand that is not paid in full, and how many instalments are not.
    oldest_due = models.DateField(_("oldest unpaid demand"), null=True)
    missed = models.PositiveSmallIntegerField(_("instalments missed"), default=0)
    # Both counts: the due date is day 1 (RBI), and the plain difference (IFRS 9, SASRA, CBK).
    dpd_rbi = models.PositiveIntegerField(_("days past due, due date counted"), default=0)
    dpd_ifrs = models.PositiveIntegerField(_("days past due"), default=0)
    bucket = models.CharField(_("bucket"), max_length=16)
    asset_class = models.CharField(_("class"), max_length=16)
    npa_date = models.DateField(_("non-performing since"), null=True)
    class_since = models.DateField(_("class since"))
    # What its age in classes counts from: the NPA date, or earlier where its security eroded.
    aged_from = models.DateField(_("aged from"), null=True)
    # The class the rules alone give, where an override of any of the borrower's loans puts another
    # in its place; else the same.
    computed = models.CharField(_("class by the rules"), max_length=16)
    # While an override of any of them runs: what the class by the rules, since when the loan does
    # not perform by them, and what its age counts from, would be if nobody had overridden anything.
    computed_since = models.DateField(_("class by the rules since"), null=True)
    computed_npa_date = models.DateField(_("non-performing by the rules since"), null=True)
    computed_aged_from = models.DateField(_("aged by the rules from"), null=True)
    stage = models.PositiveSmallIntegerField(_("stage"), default=1)
    # Why it has this class: a code of `why`, for example `days`, `borrower`, `override`.
    reason = models.CharField(_("reason"), max_length=24)

    secured = _amount(_("secured"))
    unsecured = _amount(_("unsecured"))
    rate = models.DecimalField(_("rate"), max_digits=7, decimal_places=6, default=0)
    provision = _amount(_("provision"))
    # What a second regime demands beyond the provision: a reserve out of profit, no expense.
    reserve = _amount(_("reserve"))
    interest_suspended = _amount(_("interest suspended"))
    fees_suspended = _amount(_("fees suspended"))
    penal_suspended = _amount(_("penal charges suspended"))

    # Keys of the rule table and of the override that decided.
    rule_table_id = models.BigIntegerField(_("rule table"), null=True)
    override_id = models.UUIDField(_("override"), null=True)
    # What sets the loan apart: restructured, fraud, crop_season ... as their letters, see `flags`.
    flags = models.CharField(_("flags"), max_length=16, blank=True)

    objects = LoanDayQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        # The migration makes the table, because Django makes none of partitions; the day-end makes
        # the partitions (`partitions`).
        verbose_name = _("loan at a day's end")
        verbose_name_plural = _("loans at a day's end")

    def __str__(self) -> str:
        return f"{self.loan_id} {self.day}"
