"""To which protected group each borrower of a sample belongs. Rule book 4.6 and 4.7.

Read here and nowhere else in governance, beside outcomes that are decided, and only counts leave.
Who stated nothing is a group of their own. Age is that on the day the loan was paid out.
"""

import uuid
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from apps.core import dates
from apps.core.fields import Ciphertext
from apps.customers import protected
from apps.customers.models import Customer, ProtectedAttributes
from apps.laboratory import age_bands
from apps.products.models import Product

AGE = "age"
_AT_ONCE = 5_000
Groups = dict[str, list[str | None]]


def of_borrowers(segment: str, customers: Sequence[uuid.UUID], days: Sequence[date]) -> Groups:
    """Return the group of each borrower by attribute, of attributes that anybody has stated."""
    stated = _stated(customers)
    found: Groups = {
        name: [stated.get(key, {}).get(name) for key in customers] for name in protected.CHOICES
    }
    found[AGE] = _ages(segment, customers, days)
    return {name: groups for name, groups in found.items() if any(groups)}


def _stated(customers: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, str]]:
    """Return what borrowers stated, opened part by part."""
    field = ProtectedAttributes._meta.get_field("values")
    found: dict[uuid.UUID, dict[str, str]] = {}
    for part in _parts(customers):
        rows = ProtectedAttributes.objects.filter(customer__in=part)
        for key, customer, sealed in rows.values_list("pk", "customer_id", "values"):
            found[customer] = field.unseal(sealed, ProtectedAttributes(pk=key))
    return found


def _ages(segment: str, customers: Sequence[uuid.UUID], days: Sequence[date]) -> list[str | None]:
    product = Product.objects.filter(scoring_segment=segment).select_related("entity").first()
    if product is None:
        return [None] * len(customers)
    bounds = age_bands.starts(product.entity.country)
    born = _born(customers)
    return [
        None if key not in born else age_bands.name(dates.age_in_years(born[key], day), bounds)
        for key, day in zip(customers, days, strict=True)
    ]


def _born(customers: Sequence[uuid.UUID]) -> dict[uuid.UUID, date]:
    field = Customer._meta.get_field("date_of_birth")
    found: dict[uuid.UUID, date] = {}
    for part in _parts(customers):
        rows: Any = Customer.objects.filter(pk__in=part, date_of_birth__isnull=False)
        sealed: Ciphertext
        for key, sealed in rows.values_list("pk", "date_of_birth"):
            found[key] = field.unseal(sealed, Customer(pk=key))
    return found


def _parts(customers: Sequence[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    """Yield every borrower once, so many at a time that few people's attributes lie in memory."""
    each = list(dict.fromkeys(customers))
    for start in range(0, len(each), _AT_ONCE):
        yield each[start : start + _AT_ONCE]
