"""The template: the columns a lender's applications have, an example, and what may be written."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.utils.translation import gettext as _

from apps.bulk import columns, values, words
from apps.bulk.columns import Column
from apps.core.formatting import format_money
from apps.customers import wordings
from apps.customers.models import Customer
from apps.products.models import Product

_PHONES = {"IN": "+91 98220 00001", "KE": "+254 712 000001", "US": "+1 202 555 0101"}
_PLACES = {"IN": ("Pune", "411030"), "KE": ("Nairobi", "00100"), "US": ("Springfield", "62701")}


def header(product: Product) -> list[str]:
    """Return the names of the template's columns: those of the lender's country and the product."""
    return [column.name for column in _columns(product)]


def example(product: Product, *, today: date) -> list[str]:
    """Return the example row; its reference keeps it from being taken in."""
    recent = (today - timedelta(days=1)).isoformat()
    city, postal_code = _PLACES[product.entity.country]
    own = {
        "product": product.code,
        "amount": str(product.minimum_amount),
        "term_months": str(product.minimum_term_months),
        "purpose": product.purposes[0],
        "phone": _PHONES[product.entity.country],
        "city": city,
        "postal_code": postal_code,
        "country": product.entity.country,
        "consent_wording": wordings.CURRENT,
        **dict.fromkeys(("consent_given_on", "income_as_of", "bureau_pulled_on"), recent),
        "obligations_as_of": recent,
    }
    if product.secured:
        own |= {
            "collateral_kind": "vehicle",
            "collateral_description": _("Hatchback, first registered 2024"),
            "collateral_valuation": str(product.maximum_amount),
            "collateral_valued_on": recent,
        }
    return [own.get(column.name, column.example) for column in _columns(product)]


def notes(product: Product) -> Iterator[list[str]]:
    """Yield what each column is, whether it is needed, and what may be written in it."""
    yield [_("Column"), _("Section"), _("What it is"), _("Needed"), _("What may be written")]
    for column in _columns(product):
        name = column.name
        section = str(words.SECTIONS[column.section])
        yield [name, section, words.column(name), _needed(column), _allowed(column, product)]


def _columns(product: Product) -> list[Column]:
    return [
        column
        for column in columns.of_country(product.entity.country)
        if product.secured or column.section != columns.SECURITY
    ]


def _needed(column: Column) -> str:
    if column.name in columns.NEEDED:
        return _("always")
    match column.section:
        case columns.PERSON | columns.CONSENT | columns.WORK | columns.DEBTS:
            return _("for customers of whom it is not on record")
        case columns.SECURITY:
            return _("always, but for the purchase price")
    return _("if known")


def _allowed(column: Column, product: Product) -> str:
    match column.name:
        case "amount":
            lowest, highest = product.minimum_amount, product.maximum_amount
            currency = product.currency
            return f"{format_money(lowest, currency)} - {format_money(highest, currency)}"
        case "term_months":
            return f"{product.minimum_term_months} - {product.maximum_term_months}"
        case "purpose":
            allowed = values.allowed("purpose", product.entity)
            return _listed([one for one in allowed if one[0] in product.purposes])
        case "consent_wording":
            return wordings.CURRENT
        case "country":
            return ", ".join(Customer.Country.values)
    return _by_kind(column, product)


def _by_kind(column: Column, product: Product) -> str:
    match column.kind:
        case columns.CHOICE:
            return _listed(values.allowed(column.name, product.entity))
        case columns.YES_NO:
            return _("yes or no")
        case columns.DAY:
            return _("a date, in the form chosen when the file is uploaded")
        case columns.MONEY:
            return _("an amount in %(currency)s") % {"currency": product.currency}
        case columns.WHOLE | columns.NUMBER:
            return _("a number")
    return _("text")


def _listed(allowed: list[tuple[str, str]]) -> str:
    return "; ".join(f"{code} ({label})" for code, label in allowed)
