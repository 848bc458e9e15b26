"""The ground of the ledger's tables: rows are written, never changed, never deleted."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.audit.models import AppendOnly


def _kept() -> AppendOnly:
    return AppendOnly(
        "append_only", _("What was posted stays; it is corrected by an entry that reverses it.")
    )


class PostedQuerySet(models.QuerySet[Any]):
    """Refuses in Python what the triggers refuse in the database."""

    def update(self, **kwargs: Any) -> int:
        raise _kept()

    def delete(self) -> tuple[int, dict[str, int]]:
        raise _kept()


class Posted(models.Model):
    """A table of the ledger; its rows are written by the services alone, in bulk statements."""

    objects = PostedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row; one that stands stays as it is. Raises AppendOnly."""
        if not self._state.adding:
            raise _kept()
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise _kept()
