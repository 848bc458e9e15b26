"""Rows a person may see: each queryset says it in `visible_to`."""

from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from apps.core.errors import NotVisible

Row = TypeVar("Row", bound=models.Model)


def get_visible(queryset: models.QuerySet[Row], actor: Any, **lookup: Any) -> Row:
    """Return the one row `lookup` names among those the actor may see; else NotVisible (404)."""
    row = queryset.visible_to(actor).filter(**lookup).first()  # type: ignore[attr-defined]
    if row is None:
        raise NotVisible("not_found", _("There is no such record, or it is not yours to see."))
    return row
