"""Which sums a person may see."""

from typing import Any

from django.db import models

from apps.accounts import selectors as accounts
from apps.accounts.models import User


class OfBranch(models.QuerySet[Any]):
    """Sums of branches."""

    def visible_to(self, actor: User) -> "OfBranch":
        """Keep the sums of the branches the person works in."""
        return self.filter(accounts.in_reach(actor))


def amount(label: Any) -> "models.DecimalField[Any, Any]":
    """Return a column for sums of a whole portfolio."""
    return models.DecimalField(label, max_digits=22, decimal_places=2, default=0)
