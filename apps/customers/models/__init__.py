"""The customer and what is known about the person, each kind of fact in a table of its own."""

from apps.customers.models.block_list import BlockListEntry
from apps.customers.models.papers import Consent, Document
from apps.customers.models.person import (
    Address,
    Customer,
    CustomerQuerySet,
    IdentityNumber,
    ProtectedAttributes,
)
from apps.customers.models.record import (
    BureauReport,
    Employment,
    Household,
    NoObligations,
    Obligation,
)

__all__ = [
    "Address",
    "BlockListEntry",
    "BureauReport",
    "Consent",
    "Customer",
    "CustomerQuerySet",
    "Document",
    "Employment",
    "Household",
    "IdentityNumber",
    "NoObligations",
    "Obligation",
    "ProtectedAttributes",
]
