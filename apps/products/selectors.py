"""What can be asked about products."""

import uuid
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from apps.accounts.models import Entity, User
from apps.products import pricing
from apps.products.conditions import OTHER_ORDERS
from apps.products.models import Conditions, Product, TaxRate


def open_products(entity: Entity) -> QuerySet[Product]:
    """Return the products of an entity that may be applied for, by name."""
    return Product.objects.filter(entity=entity, is_open=True).order_by("name")


def catalogue(actor: User) -> QuerySet[Product]:
    """Return what the person's lenders offer, with entity and fees, in reading order."""
    return (
        Product.objects.visible_to(actor)
        .select_related("entity", "conditions")
        .prefetch_related("fees")
        .order_by("entity__name", "name")
    )


def taxes_on_fees(entity: uuid.UUID, day: date) -> list[TaxRate]:
    """Return the taxes that a fee of an entity bears on a day, those of a rate of zero left out."""
    rows = TaxRate.objects.filter(entity=entity, effective_from__lte=day)
    latest = rows.order_by("code", "-effective_from").distinct("code")
    return [one for one in latest if one.rate]


def is_scored(segment: str) -> bool:
    """Return whether an open product of any entity is scored in the segment."""
    return Product.objects.filter(scoring_segment=segment, is_open=True).exists()


def allocation_order(product: Product) -> list[str]:
    """Return what a payment is taken for, in order and in words; nothing without conditions."""
    conditions: Conditions | None = getattr(product, "conditions", None)
    codes = [] if conditions is None else conditions.allocation_order
    return [str(Conditions.Bucket(code).label) for code in codes]


def other_orders(product: Product) -> list[tuple[str, str]]:
    """Return when a payment is taken for things in another order, and which, both in words."""
    conditions: Conditions | None = getattr(product, "conditions", None)
    if conditions is None:
        return []
    found = []
    for name in OTHER_ORDERS:
        codes = getattr(conditions, name)
        if codes:
            words = ", ".join(str(Conditions.Bucket(code).label) for code in codes)
            found.append((Conditions.label_of(name), words))
    return found


def repaid(product: Product) -> pricing.Repaid:
    """Return how loans of a product are paid back; conditions are read only where they may step."""
    if product.schedule != Product.Schedule.STEPPED:
        return pricing.Repaid(product.schedule)
    conditions: Conditions | None = getattr(product, "conditions", None)
    return pricing.repaid(
        product.schedule,
        frequency=getattr(conditions, "frequency", None),
        every=getattr(conditions, "step_every", None),
        factor=getattr(conditions, "step_factor", None),
    )


def example_payments(product: Product) -> list[tuple[int, Decimal]]:
    """Return (term in months, instalment) for the largest amount at yearly steps of the term."""
    first, last = product.minimum_term_months, product.maximum_term_months
    terms = sorted({first, last, *range(12, last, 12)} - set(range(first)))
    return [
        (
            term,
            pricing.asked_payment(
                product.maximum_amount,
                product.annual_rate,
                term,
                product.currency,
                repaid=repaid(product),
            ),
        )
        for term in terms
    ]
