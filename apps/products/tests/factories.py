"""Products for tests, as plain functions."""

from decimal import Decimal
from typing import Any

from apps.accounts.models import Entity
from apps.products.models import Product, Purpose


def personal_loan(entity: Entity, **changes: Any) -> Product:
    """Return an unsecured product of the entity: 25,000 to 1,500,000, 6 to 60 months, 16 %."""
    values: dict[str, Any] = {
        "code": f"{entity.code}-personal",
        "name": "Personal loan",
        "currency": entity.currency,
        "minimum_amount": Decimal(25_000),
        "maximum_amount": Decimal(1_500_000),
        "minimum_term_months": 6,
        "maximum_term_months": 60,
        "annual_rate": Decimal("0.16"),
        "schedule": Product.Schedule.EMI,
        "purposes": Purpose.values,
        "secured": False,
        "scoring_segment": "in-retail",
        "cooling_off_days": 3,
        **changes,
    }
    code = values.pop("code")
    product, _ = Product.objects.get_or_create(code=code, defaults={**values, "entity": entity})
    return product


def vehicle_loan(entity: Entity, **changes: Any) -> Product:
    """Return a product of the entity that asks for collateral, for buying a vehicle."""
    values: dict[str, Any] = {
        "code": f"{entity.code}-vehicle",
        "name": "Vehicle loan",
        "minimum_amount": Decimal(30_000),
        "maximum_amount": Decimal(2_500_000),
        "maximum_term_months": 84,
        "annual_rate": Decimal("0.14"),
        "purposes": [Purpose.CAR],
        "secured": True,
    }
    return personal_loan(entity, **{**values, **changes})
