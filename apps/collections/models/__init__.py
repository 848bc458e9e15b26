"""What is kept of the work on loans that are overdue."""

from apps.collections.models.assigning import Assignment
from apps.collections.models.contacts import Contact

__all__ = ["Assignment", "Contact"]
