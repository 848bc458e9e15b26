"""What collectors and their managers do, one module for each action."""

from apps.collections.services.assigning import assign, release, take
from apps.collections.services.contacting import ContactEntry, record_contact

__all__ = ["ContactEntry", "assign", "record_contact", "release", "take"]
