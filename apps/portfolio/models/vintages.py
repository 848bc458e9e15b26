"""What was lent month by month, and at what age it was lost."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, Entity
from apps.portfolio.models.reach import OfBranch, amount
from apps.products.models import Product


class VintageLent(models.Model):
    """What a branch lent of a product in a month, contracted principal of loans that were paid out.

    Written by `services.summarise`, all of a lender at once, and never by anybody else.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    # The first day of the month.
    vintage = models.DateField(_("vintage"))
    loans = models.PositiveIntegerField(_("loans"))
    principal = amount(_("principal"))

    objects = OfBranch.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "currency", "vintage", "branch", "product"],
                name="portfolio_lent_once",
            ),
        ]
        verbose_name = _("lent in a month")
        verbose_name_plural = _("lent in months")

    def __str__(self) -> str:
        return f"{self.vintage:%Y-%m}"


class VintageLost(models.Model):
    """What of a month's loans was written off so many calendar months later, before recoveries.

    Of our own loans what the ledger wrote off; of loans on a tape what it says was not repaid, in
    the month of the last payment. Written beside `VintageLent`.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    vintage = models.DateField(_("vintage"))
    months_on_book = models.PositiveSmallIntegerField(_("months on book"))
    loans = models.PositiveIntegerField(_("loans"))
    principal = amount(_("principal"))

    objects = OfBranch.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "currency", "vintage", "months_on_book", "branch", "product"],
                name="portfolio_lost_once",
            ),
        ]
        verbose_name = _("lost of a month's loans")
        verbose_name_plural = _("lost of months' loans")

    def __str__(self) -> str:
        return f"{self.vintage:%Y-%m} {self.months_on_book}"


class VintagePrepaid(models.Model):
    """What of a month's loans was repaid early so many calendar months later, as contracted.

    Early is a month before that in which the last instalment of the first schedule fell due; of
    loans on a tape, before their term was over. Written beside `VintageLent`.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(_("currency"), max_length=3)
    vintage = models.DateField(_("vintage"))
    months_on_book = models.PositiveSmallIntegerField(_("months on book"))
    loans = models.PositiveIntegerField(_("loans"))
    principal = amount(_("principal"))

    objects = OfBranch.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "currency", "vintage", "months_on_book", "branch", "product"],
                name="portfolio_prepaid_once",
            ),
        ]
        verbose_name = _("repaid early of a month's loans")
        verbose_name_plural = _("repaid early of months' loans")

    def __str__(self) -> str:
        return f"{self.vintage:%Y-%m} {self.months_on_book}"


class VintagesMade(models.Model):
    """When the vintages of a lender were last added up; one row a lender."""

    entity = models.OneToOneField(
        Entity, on_delete=models.PROTECT, related_name="+", primary_key=True
    )
    made_at = models.DateTimeField(_("added up"))

    class Meta:
        default_permissions = ()
        verbose_name = _("time of vintages")
        verbose_name_plural = _("times of vintages")

    def __str__(self) -> str:
        return f"{self.made_at}"
