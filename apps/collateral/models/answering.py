"""Who answers for a loan beside the borrower, and for how much of it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.applications.models import Application, Guarantor
from apps.collateral import liability
from apps.core.models import Identified, Timestamped
from apps.customers.models import Customer


class Liability(models.TextChoices):
    """For how much somebody can be asked."""

    JOINT_AND_SEVERAL = liability.Liability.JOINT_AND_SEVERAL, _("Jointly and severally")
    SHARE = liability.Liability.SHARE, _("For a share")


def share_constraint(name: str) -> models.CheckConstraint:
    """Return the check that a share stands exactly where somebody is liable for a share."""
    return models.CheckConstraint(
        condition=Q(liability=Liability.JOINT_AND_SEVERAL, share__isnull=True)
        | Q(liability=Liability.SHARE, share__gt=0, share__lt=1),
        name=name,
    )


class CoBorrower(Identified, Timestamped):
    """A customer who owes a loan together with the borrower."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="co_borrowers"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="co_borrowed")
    liability = models.CharField(_("liable"), max_length=20, choices=Liability)
    share = models.DecimalField(_("share"), max_digits=5, decimal_places=4, null=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["application", "customer"], name="collateral_co_borrower_once"
            ),
            share_constraint("collateral_co_borrower_share_where_shared"),
        ]
        verbose_name = _("co-borrower")
        verbose_name_plural = _("co-borrowers")

    def __str__(self) -> str:
        return f"{self.application_id}/{self.customer_id}"


class GuarantorLiability(Identified, Timestamped):
    """For how much a guarantor answers; without a row, jointly and severally up to the amount."""

    guarantor = models.OneToOneField(Guarantor, on_delete=models.CASCADE, related_name="liability")
    liability = models.CharField(_("liable"), max_length=20, choices=Liability)
    share = models.DecimalField(_("share"), max_digits=5, decimal_places=4, null=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            share_constraint("collateral_guarantor_share_where_shared")
        ]
        verbose_name = _("guarantor's liability")
        verbose_name_plural = _("guarantors' liabilities")

    def __str__(self) -> str:
        return f"{self.guarantor_id}"
