"""What an item is worth and what insures it: rows that are added, never changed."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.collateral.models.item import Item
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified


class Method(models.TextChoices):
    """How a value was found."""

    MARKET = "market", _("Comparison with the market")
    COST = "cost", _("Cost less wear")
    INCOME = "income", _("Income it yields")
    ASSAY = "assay", _("Assay and weight")
    STATEMENT = "statement", _("Statement of the issuer")
    INDEX = "index", _("Index or price list")
    DECLARED = "declared", _("Invoice or declaration")


class Valuation(Identified):
    """What somebody found an item to be worth on a day.

    Append-only: what was wrong is corrected by another row that names it, and counts no more.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="valuations")
    valuer = EncryptedTextField(_("valuer"))
    valued_date = models.DateField(_("valued on"))
    method = models.CharField(_("method"), max_length=12, choices=Method)
    amount = models.DecimalField(
        pgettext_lazy("collateral", "value"), max_digits=18, decimal_places=2
    )
    realisable_amount = models.DecimalField(
        _("realisable value"), max_digits=18, decimal_places=2, null=True
    )
    valid_until = models.DateField(_("holds until"))
    corrects = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="corrected_by"
    )
    reason = models.CharField(_("why it is corrected"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="collateral_valuation_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(realisable_amount__isnull=True)
                | (Q(realisable_amount__gt=0) & Q(realisable_amount__lte=F("amount"))),
                name="collateral_valuation_realisable_within",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valued_date")),
                name="collateral_valuation_holds_after_its_day",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, reason="")
                | (Q(corrects__isnull=False) & ~Q(reason="") & ~Q(corrects=F("id"))),
                name="collateral_valuation_correction_says_why",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="collateral_valuation_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="collateral_valuation_stands",
                fields=[
                    *("item", "valued_date", "method", "amount", "realisable_amount"),
                    *("valid_until", "corrects", "reason", "recorded_by", "recorded_at"),
                ],
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["item", "-valued_date", "-recorded_at"], name="collateral_valuation_last"
            )
        ]
        verbose_name = _("valuation")
        verbose_name_plural = _("valuations")

    def __str__(self) -> str:
        return f"{self.item_id} {self.valued_date}"


class Insurance(Identified):
    """One policy that insures an item for a time. Append-only."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="insurances")
    insurer = models.CharField(_("insurer"), max_length=120)
    policy_number = EncryptedTextField(_("policy number"))
    sum_insured = models.DecimalField(_("sum insured"), max_digits=18, decimal_places=2)
    from_date = models.DateField(_("from"))
    valid_until = models.DateField(_("valid until"))
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(sum_insured__gt=0), name="collateral_insurance_sum_positive"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("from_date")),
                name="collateral_insurance_ends_after_start",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="collateral_insurance_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="collateral_insurance_stands",
                fields=[
                    *("item", "insurer", "sum_insured", "from_date", "valid_until"),
                    *("recorded_by", "recorded_at"),
                ],
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["item", "-valid_until"], name="collateral_insurance_last")
        ]
        verbose_name = _("insurance")
        verbose_name_plural = _("insurances")

    def __str__(self) -> str:
        return self.insurer
