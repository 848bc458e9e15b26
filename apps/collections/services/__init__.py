"""What collectors and their managers do, one module for each action."""

from apps.collections.services.assigning import assign, release, take
from apps.collections.services.contacting import ContactEntry, record_contact, record_promised
from apps.collections.services.suing import LegalEntry, record_legal_step

__all__ = [
    "ContactEntry",
    "LegalEntry",
    "assign",
    "record_contact",
    "record_legal_step",
    "record_promised",
    "release",
    "take",
]
