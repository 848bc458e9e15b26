"""From which band of days past due loans went to which, month by month."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, Entity
from apps.portfolio.bands import ON_BOOKS, ORDER
from apps.portfolio.models.reach import OfBranch, amount
from apps.products.models import Product


class RolledDayQuerySet(models.QuerySet["RolledDay"]):
    """Which months rates can be computed out of."""

    def whole(self) -> "RolledDayQuerySet":
        """Keep the months of which no snapshot is missing."""
        return self.filter(missing=0)


class RolledDay(models.Model):
    """Two ends of days of a lender between which it is known how loans rolled.

    `day` is the end of a month, or the last day that was ended; `since` the end of the month
    before it. Loans that were on the books then, but of which a night has no snapshot, are
    `missing` and in no cell; where there are any, no rate is computed out of the month. `runs` are
    the runs of the two day-ends the cells were made of: where one of them was ended once more, they
    are made anew.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    since = models.DateField(_("from the end of"))
    day = models.DateField(_("to the end of"))
    since_run = models.PositiveSmallIntegerField(_("run of the first"))
    day_run = models.PositiveSmallIntegerField(_("run of the last"))
    missing = models.PositiveIntegerField(_("loans without a snapshot"), default=0)

    objects = RolledDayQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "day"], name="portfolio_rolled_once"),
            models.CheckConstraint(condition=Q(since__lt=F("day")), name="portfolio_rolled_on"),
        ]
        verbose_name = _("month of roll rates")
        verbose_name_plural = _("months of roll rates")

    def __str__(self) -> str:
        return f"{self.day}"


class Roll(models.Model):
    """Loans that were in one band and are in another; principal is what they owed before."""

    id = models.BigAutoField(primary_key=True)
    rolled = models.ForeignKey(RolledDay, on_delete=models.CASCADE, related_name="cells")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    before = models.CharField(_("before"), max_length=12)
    after = models.CharField(_("after"), max_length=12)
    loans = models.PositiveIntegerField(_("loans"))
    principal = amount(_("principal"))

    objects = OfBranch.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["rolled", "branch", "product", "currency", "before", "after"],
                name="portfolio_roll_once",
            ),
            models.CheckConstraint(
                condition=Q(before__in=[band.value for band in ON_BOOKS])
                & Q(after__in=[band.value for band in ORDER]),
                name="portfolio_roll_bands_known",
            ),
        ]
        verbose_name = _("roll of loans")
        verbose_name_plural = _("rolls of loans")

    def __str__(self) -> str:
        return f"{self.before} {self.after}"
