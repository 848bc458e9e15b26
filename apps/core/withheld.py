"""What is withheld from a person for a time although their branch would show it to them.

An app above registers a source at start-up; every `visible_to` of applications and of what tells
what became of them asks here. So one rule closes the page, the lists, the API, the letters and the
loan at once, and whoever adds another page need not think of it.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

# Returns querysets of one column, the keys of applications; none at all for most people.
Source = Callable[[Any], list[QuerySet[Any, Any]]]
Rows = TypeVar("Rows", bound=QuerySet[Any, Any])
_sources: list[Source] = []


def register(source: Source) -> None:
    """Ask `source(actor)` for the applications withheld from a person."""
    if source not in _sources:
        _sources.append(source)


def concerns(actor: Any) -> bool:
    """Say whether anything may be withheld from a person at all; most people see everything."""
    return bool(_keys(actor))


def without(rows: Rows, actor: Any, *, field: str = "pk") -> Rows:
    """Return the rows without those of withheld applications; `field` holds their key."""
    for keys in _keys(actor):
        rows = rows.exclude(**{f"{field}__in": keys})
    return rows


def without_references(rows: Rows, actor: Any, *, field: str, label: str) -> Rows:
    """Return the rows without those that name a withheld application as `label:key`."""
    for keys in _keys(actor):
        (column,) = keys.query.values_select
        key: Any = Cast(column, TextField())
        name = Concat(Value(f"{label}:"), key, output_field=TextField())
        named = keys.annotate(_named=name).values("_named")
        rows = rows.exclude(**{f"{field}__in": named})
    return rows


def _keys(actor: Any) -> list[QuerySet[Any, Any]]:
    return [keys for source in _sources for keys in source(actor)]
