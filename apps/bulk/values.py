"""What may be written in columns with fixed values: codes, and their names in every language."""

from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.utils import translation

from apps.accounts.models import Entity
from apps.applications.models import Collateral
from apps.bulk.cells import folded
from apps.customers import wordings
from apps.customers.models import Customer, Employment, Household
from apps.products.models import Product, Purpose

Labels = Mapping[str, object]
# The same words stand for some values of several columns.
_FIXED: Mapping[str, Labels] = {
    "purpose": dict(Purpose.choices),
    "country": dict(Customer.Country.choices),
    "language": dict(settings.LANGUAGES),
    "consent_channel": wordings.CHANNELS,
    "employment_type": dict(Employment.Type.choices),
    "income_verified": dict(Employment.Verification.choices),
    "documented_by": dict(Employment.Proof.choices),
    "home": dict(Household.Home.choices),
    "no_obligations_channel": wordings.CHANNELS,
    "collateral_kind": dict(Collateral.Kind.choices),
}


def allowed(column: str, entity: Entity) -> list[tuple[str, str]]:
    """Return the codes a column takes with their names in the active language."""
    if column == "product":
        rows = Product.objects.filter(entity=entity, is_open=True).order_by("code")
        return list(rows.values_list("code", "name"))
    return [(str(code), str(label)) for code, label in _FIXED.get(column, {}).items()]


def choices(entity: Entity) -> dict[str, dict[str, str]]:
    """Return, for each column with fixed values, every way to write a value and its code."""
    products = Product.objects.filter(entity=entity).values_list("code", "name")
    by_name = {folded(name): code for code, name in products}
    return {**_in_all_languages(), "product": by_name | {folded(c): c for c, _name in products}}


@cache
def _in_all_languages() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {column: {} for column in _FIXED}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for column, labels in _FIXED.items():
                found[column] |= {folded(str(label)): str(code) for code, label in labels.items()}
    for column, labels in _FIXED.items():
        found[column] |= {folded(str(code)): str(code) for code in labels}
    return found
