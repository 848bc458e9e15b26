"""Products for tests, as plain functions."""

from decimal import Decimal
from typing import Any

from django.db import connection

from apps.accounts.models import Entity
from apps.products.models import Conditions, Fee, Product, Purpose


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


def conditions(product: Product, **changes: Any) -> Conditions:
    """Return the conditions of a product's contracts: everything that an offer has to tell."""
    values: dict[str, Any] = {
        "frequency": "monthly",
        "day_count": "30_360_us",
        "rounding_unit": Decimal(1),
        "rounding_mode": "half_up",
        "first_period": "in_first_instalment",
        "date_adjustment": "none",
        "balloon_share": None,
        "step_every": None,
        "step_factor": None,
        "rate_type": "fixed",
        "penal_charge_rate": Decimal("0.24"),
        "overdue_interest": True,
        "bounce_charge": Decimal(500),
        "foreclosure_rate": Decimal("0.03"),
        "switching_charge": Decimal(0),
        "is_staged": False,
        "recovery_clause": "12",
        "grievance_clause": "14",
        "is_transferable": True,
        "is_colent": False,
        "is_digital": True,
        "allocation_order": ["fees", "penal", "interest", "principal"],
        "allocation_across": "horizontal",
        "npa_allocation_order": [],
        "written_off_allocation_order": [],
        "settlement_allocation_order": [],
        "offer_working_days": 5,
        **changes,
    }
    Conditions.objects.filter(product=product).delete()
    made = Conditions.objects.create(product=product, **values)
    product.refresh_from_db()
    return made


def stored_before(product: Product, **changes: Any) -> Conditions:
    """Return conditions as they were stored while instalments might fall, in this transaction.

    The rule that steps rise was added later and is not held against them, as after its migration.
    """
    rise = next(
        one for one in Conditions._meta.constraints if one.name == "products_conditions_steps_rise"
    )
    with connection.cursor() as cursor:
        # A table with checks still to be made at the end of the transaction is not altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {Conditions._meta.db_table} DROP CONSTRAINT {rise.name}")
        made = conditions(product, **changes)
        cursor.execute(f"{rise.create_sql(Conditions, connection.schema_editor())} NOT VALID")
    return made


def floating(product: Product, **changes: Any) -> Conditions:
    """Return conditions with a rate that follows a benchmark of 9.8 %, reset twice a year."""
    values = {
        "rate_type": "floating",
        "benchmark": "Reference rate",
        "benchmark_rate": Decimal("0.098"),
        "reset_months": 6,
    }
    return conditions(product, **{**values, **changes})


def fee(product: Product, code: str, amount: str, **changes: Any) -> Fee:
    """Return a fixed one-time fee of the lender, taken off what is paid out and kept."""
    values: dict[str, Any] = {
        "name": code.capitalize(),
        "basis": Fee.Basis.FIXED,
        "timing": Fee.Timing.UPFRONT,
        "is_third_party": False,
        "kept_on_exit": True,
        **changes,
    }
    return Fee.objects.create(product=product, code=code, amount=Decimal(amount), **values)
