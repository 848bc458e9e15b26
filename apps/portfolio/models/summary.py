"""What a lender's portfolio came to day by day: sums out of which the summary answers at once."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, Entity
from apps.portfolio.bands import ON_BOOKS
from apps.portfolio.concentration import Dimension
from apps.portfolio.models.reach import OfBranch, amount
from apps.portfolio.models.rolling import RolledDay
from apps.portfolio.turns import Turned
from apps.products.models import Product


def _count(label: Any) -> "models.PositiveIntegerField[Any, Any]":
    return models.PositiveIntegerField(label, default=0)


class SummedDay(models.Model):
    """A day of a lender that was added up, out of which run of its end.

    `entries` is how many entries the ledger held for the day: while the day was not closed
    (`is_final` false) another number of them means that it is to be added up anew.
    `turned` is the last of the months of roll rates that outcomes were counted out of, at the end
    of a month; empty while they are not.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    run = models.PositiveSmallIntegerField(_("run"))
    entries = models.PositiveIntegerField(_("entries"))
    is_final = models.BooleanField(_("closed by then"))
    made_at = models.DateTimeField(_("added up"))
    turned = models.BigIntegerField(_("outcomes out of"), null=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_figures", _("See figures of portfolios: sums, no loans")),
            ("list_loans", _("See the loans behind figures of portfolios")),
            (
                "view_overview",
                _("See the overview of a lender: what to ask about, how it does"),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "day"], name="portfolio_summed_once"),
        ]
        verbose_name = _("day that was added up")
        verbose_name_plural = _("days that were added up")

    def __str__(self) -> str:
        return f"{self.day}"


class OfDay(models.Model):
    """Sums of one branch and product on one day, in one currency."""

    id = models.BigAutoField(primary_key=True)
    summed = models.ForeignKey(
        SummedDay, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)

    objects = OfBranch.as_manager()

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.summed_id} {self.currency}"


class Stocks(models.Model):
    """What is on the books at the end of the day; see `figures.Sums`."""

    loans = _count(_("loans"))
    principal = amount(_("principal"))
    provision = amount(_("provisions"))
    npa_loans = _count(_("non-performing loans"))
    npa_principal = amount(_("principal of non-performing loans"))
    npa_provision = amount(_("provisions for non-performing loans"))
    over_30 = amount(_("principal of loans more than 30 days past due"))
    over_60 = amount(_("principal of loans more than 60 days past due"))
    over_90 = amount(_("principal of loans more than 90 days past due"))

    class Meta:
        abstract = True


class Flows(models.Model):
    """What happened on the day, or since the first of its month; see `figures.Sums`."""

    disbursed = amount(_("disbursed"))
    repaid = amount(_("repaid"))
    written_off = amount(_("written off"))
    recovered = amount(_("recovered"))
    interest_income = amount(_("interest income"))
    principal_days = amount(_("principal of all days added up"))
    instalments = _count(_("instalments that fell due"))
    on_time = _count(_("instalments paid in full on their day"))
    paid_share = models.DecimalField(
        _("shares of instalments paid on their day"), max_digits=18, decimal_places=6, default=0
    )
    due = amount(_("what fell due"))
    collected = amount(_("collected of what fell due"))
    arrears_collected = amount(_("collected of months before"))
    approved = _count(_("approvals"))
    declined = _count(_("declines"))

    class Meta:
        abstract = True


class DayBand(OfDay, Stocks):
    """What is on the books of a class and a band of days past due."""

    asset_class = models.CharField(_("class"), max_length=16)
    band = models.CharField(_("band"), max_length=12)

    class Meta(OfDay.Meta):
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["summed", "branch", "product", "currency", "asset_class", "band"],
                name="portfolio_band_once",
            ),
            models.CheckConstraint(
                condition=Q(band__in=[band.value for band in ON_BOOKS]),
                name="portfolio_band_known",
            ),
        ]
        verbose_name = _("band of a day")
        verbose_name_plural = _("bands of days")


class DayFlow(OfDay, Flows):
    """What happened on the day alone; months are added up from it."""

    class Meta(OfDay.Meta):
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["summed", "branch", "product", "currency"], name="portfolio_flow_once"
            ),
        ]
        verbose_name = _("flow of a day")
        verbose_name_plural = _("flows of days")


class DayTotal(OfDay, Stocks, Flows):
    """All of a day: what is on the books, what happened since the first of the month, outcomes.

    Outcomes are known at the ends of months alone; zero on other days.
    """

    performed_6 = _count(_("performed six months before"))
    defaulted_6 = _count(_("of them stopped performing"))
    performed_12 = _count(_("performed a year before"))
    defaulted_12 = _count(_("of them stopped performing within the year"))
    impaired_12 = _count(_("did not perform a year before"))
    cured_12 = _count(_("of them perform again or were repaid"))
    back_12 = _count(_("came to perform again within the year"))
    again_12 = _count(_("of them stopped once more"))

    class Meta(OfDay.Meta):
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["summed", "branch", "product", "currency"], name="portfolio_total_once"
            ),
        ]
        verbose_name = _("total of a day")
        verbose_name_plural = _("totals of days")


class DayShare(OfDay):
    """What is outstanding with one purpose, region or employer, at the end of a month or last day.

    The key of an employer is that of a record of employment that names it, never the name itself.
    Employers of one loan alone are one row (`concentration.MANY`); `squares` is the sum of the
    squares of what each owes, so that the index of concentration stays exact. Of others it is zero.
    """

    dimension = models.CharField(_("by"), max_length=12)
    key = models.CharField(_("of whom"), max_length=120, blank=True)
    loans = models.PositiveIntegerField(_("loans"))
    principal = amount(_("principal"))
    npa_principal = amount(_("principal of non-performing loans"))
    squares = models.DecimalField(_("squares"), max_digits=40, decimal_places=4, default=0)

    class Meta(OfDay.Meta):
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["summed", "dimension", "key", "branch", "product", "currency"],
                name="portfolio_share_once",
            ),
            models.CheckConstraint(
                condition=Q(dimension__in=[one.value for one in Dimension if one.is_kept]),
                name="portfolio_share_known",
            ),
        ]
        verbose_name = _("share of a day")
        verbose_name_plural = _("shares of days")


class DayVintage(OfDay):
    """How loans of one month of origination stand, at the end of a month or of the last day."""

    # The first day of the month.
    vintage = models.DateField(_("vintage"))
    loans = models.PositiveIntegerField(_("loans"))
    principal = amount(_("principal"))
    loans_30 = _count(_("loans 30 days past due or more"))
    principal_30 = amount(_("principal of loans 30 days past due or more"))
    loans_60 = _count(_("loans 60 days past due or more"))
    principal_60 = amount(_("principal of loans 60 days past due or more"))
    loans_90 = _count(_("loans 90 days past due or more"))
    principal_90 = amount(_("principal of loans 90 days past due or more"))

    class Meta(OfDay.Meta):
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["summed", "vintage", "branch", "product", "currency"],
                name="portfolio_standing_once",
            ),
        ]
        verbose_name = _("vintage of a day")
        verbose_name_plural = _("vintages of days")


class Turn(models.Model):
    """A loan that stopped performing, came to perform again, or left, between two ends of months.

    Made with the roll rates of a whole month, and anew with them.
    """

    id = models.BigAutoField(primary_key=True)
    rolled = models.ForeignKey(RolledDay, on_delete=models.CASCADE, related_name="turns")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    # A snapshot's keys: whoever writes thousands of them has just read the loans.
    loan_id = models.UUIDField(_("loan"))
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    disbursed_date = models.DateField(_("disbursed"))
    day = models.DateField(_("at the end of"))
    kind = models.CharField(_("what"), max_length=12)
    principal = amount(_("principal"))

    objects = OfBranch.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["loan_id", "day"], name="portfolio_turn_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[one.value for one in Turned]), name="portfolio_turn_known"
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["entity", "day"], name="portfolio_turn_of_day"),
        ]
        verbose_name = _("turn of a loan")
        verbose_name_plural = _("turns of loans")

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
