"""What secures a loan, what it is worth, who has a charge on it, and who else answers for it."""

from apps.collateral.models.answering import CoBorrower, GuarantorLiability
from apps.collateral.models.charge import Lien, Release
from apps.collateral.models.item import Item, ItemQuerySet, Kind
from apps.collateral.models.worth import Insurance, Method, Valuation

__all__ = [
    "CoBorrower",
    "GuarantorLiability",
    "Insurance",
    "Item",
    "ItemQuerySet",
    "Kind",
    "Lien",
    "Method",
    "Release",
    "Valuation",
]
