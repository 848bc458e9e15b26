"""What a product costs beside interest: fees, and the taxes on them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity
from apps.core.models import Identified
from apps.products.models.product import Product


class Fee(Identified):
    """A fee of a product: a fixed amount or a fraction of the loan, when it falls due."""

    class Basis(models.TextChoices):
        FIXED = "fixed", _("Fixed amount")
        SHARE = "share", _("Share of the loan")

    class Timing(models.TextChoices):
        UPFRONT = "upfront", _("Taken off what is paid out")
        FIRST_INSTALMENT = "first_instalment", _("With the first instalment")
        EACH_INSTALMENT = "each_instalment", _("With each instalment")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="fees")
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    # By the code of each language beside English; a statement is written in the borrower's.
    names = models.JSONField(_("names in other languages"), default=dict, blank=True)
    basis = models.CharField(_("basis"), max_length=8, choices=Basis)
    amount = models.DecimalField(_("amount or fraction"), max_digits=18, decimal_places=6)
    # Not said in catalogues before there were offers; a product with such a fee offers nothing.
    timing = models.CharField(_("when it is paid"), max_length=20, choices=Timing, blank=True)
    is_third_party = models.BooleanField(_("for a third party"), null=True)
    kept_on_exit = models.BooleanField(_("kept when the borrower steps back"), null=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["product", "code"], name="products_fee_once"),
            models.CheckConstraint(
                condition=Q(timing__in=["", "upfront", "first_instalment", "each_instalment"]),
                name="products_fee_timing_known",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="products_fee_not_negative"),
        ]
        verbose_name = _("fee")
        verbose_name_plural = _("fees")

    def __str__(self) -> str:
        return self.name

    def named(self, language: str) -> str:
        """Return the name in a language; the English one where there is no other."""
        return str(self.names.get(language) or self.name)


class TaxRate(Identified):
    """What share of a fee a tax of a lender's country is, from a day on; zero ends the tax."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    rate = models.DecimalField(_("rate"), max_digits=7, decimal_places=6)
    effective_from = models.DateField(_("from"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "code", "effective_from"], name="products_tax_rate_once"
            ),
            models.CheckConstraint(
                condition=Q(rate__gte=0) & Q(rate__lt=1), name="products_tax_rate_is_a_fraction"
            ),
        ]
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")

    def __str__(self) -> str:
        return f"{self.name} {self.effective_from}"
