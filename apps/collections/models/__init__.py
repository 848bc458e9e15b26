"""What is kept of the work on loans that are overdue."""

from apps.collections.models.assigning import Assignment
from apps.collections.models.contacts import Contact
from apps.collections.models.legal import LegalStep

__all__ = ["Assignment", "Contact", "LegalStep"]
