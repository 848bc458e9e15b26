"""What the lender offers."""

from apps.products.models.charges import Fee, TaxRate
from apps.products.models.contract import Conditions
from apps.products.models.product import Product, ProductQuerySet, Purpose

__all__ = ["Conditions", "Fee", "Product", "ProductQuerySet", "Purpose", "TaxRate"]
