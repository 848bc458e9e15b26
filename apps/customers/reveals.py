"""Which personal values there are, how each looks masked, and why one may be read in clear."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.core import masking
from apps.customers import identity, selectors
from apps.customers.models import Customer, IdentityNumber

REASONS = {
    "contact": _("To contact the customer"),
    "verify": _("To verify who is speaking"),
    "document": _("To compare with a document"),
    "correct": _("To correct the record"),
    "request": _("The customer asks for it"),
    "examination": _("For an audit or examination"),
}


@dataclass(frozen=True)
class Masked:
    """A personal value as everybody with access to the customer may see it."""

    field: str
    label: object
    value: str


def _birth(customer: Customer) -> str:
    born = customer.date_of_birth
    return born.isoformat() if born else ""


def _street(customer: Customer) -> str:
    address = selectors.address(customer)
    return address.street if address else ""


FIELDS: dict[str, Callable[[Customer], str]] = {
    "phone": lambda customer: customer.phone or "",
    "email": lambda customer: customer.email or "",
    "date_of_birth": _birth,
    "street": _street,
}


def value(customer: Customer, field: str) -> str:
    """Return a personal value in clear, or nothing where there is none or no such field."""
    name, _separator, kind = field.partition(":")
    if name == "identity" and kind in IdentityNumber.Kind.values:
        row = customer.identities.filter(kind=kind).first()
        return row.value if row else ""
    read = FIELDS.get(field)
    return read(customer) if read else ""


def masked(customer: Customer) -> dict[str, Masked]:
    """Return the personal values of a customer, masked, by field."""
    address = selectors.address(customer)
    born = customer.date_of_birth
    rows = [
        Masked("phone", _("Telephone"), masking.tail(customer.phone)),
        Masked("email", _("E-mail"), masking.email(customer.email)),
        Masked("date_of_birth", _("Date of birth"), f"{masking.DOTS} {born.year}" if born else ""),
        Masked("street", _("Street address"), masking.DOTS if address else ""),
    ]
    rows += [
        Masked(f"identity:{row.kind}", row.get_kind_display(), identity.masked(row.kind, row.value))
        for row in sorted(customer.identities.all(), key=lambda row: row.kind)
    ]
    return {row.field: row for row in rows}
