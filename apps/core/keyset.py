"""Pages of a long list by position instead of by number: as quick at the end as at the start."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import DomainError

Row = TypeVar("Row", bound=Model)
SIZE = 25


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the positions to ask for before and after them (empty: nothing there)."""

    rows: list[Row]
    before: str
    after: str


def page(
    queryset: QuerySet[Row],
    *,
    by: tuple[str, ...],
    after: str = "",
    before: str = "",
    size: int = SIZE,
) -> Page[Row]:
    """Return one page of `queryset` ordered by `by`, as order_by writes it, the key last.

    `by` must be total (end in a unique column) and without nulls. `after` and `before` are
    positions from an earlier page; anything else raises DomainError (400), never a 500.
    """
    backwards = bool(before)
    order = tuple(_flipped(name) for name in by) if backwards else by
    position = before or after
    if position:
        queryset = _beyond(queryset, order, position)
    rows = list(queryset.order_by(*order)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    first, last = (_position(row, by) for row in (rows[0], rows[-1])) if rows else ("", "")
    return Page(
        rows=rows,
        before=first if (more if backwards else position) else "",
        after=last if (backwards or more) else "",
    )


def _beyond(queryset: QuerySet[Row], order: tuple[str, ...], position: str) -> QuerySet[Row]:
    """Keep what comes after a position: (a, b) > (x, y) written out column by column."""
    values = _read(position, len(order))
    later, equal = Q(), Q()
    try:
        for name, value in zip(order, values, strict=True):
            column, comparison = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
            cleaned = _field(queryset, column).clean(value, None)
            later |= equal & Q(**{f"{column}__{comparison}": cleaned})
            equal &= Q(**{column: cleaned})
        return queryset.filter(later)
    except (ValidationError, ValueError, TypeError, OverflowError):
        raise _unknown_position() from None


def _field(queryset: QuerySet[Row], path: str) -> Any:
    """Return the field at the end of `path`: its validators know what the column can hold."""
    if path in queryset.query.annotations:
        return queryset.query.annotations[path].output_field
    model: type[Model] = queryset.model
    *parents, name = path.split("__")
    for parent in parents:
        related = model._meta.get_field(parent).related_model
        if related is None:
            raise TypeError(f"{path} does not lead over relations.")
        model = related
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _position(row: Model, by: tuple[str, ...]) -> str:
    values = [_value(row, name.lstrip("-")) for name in by]
    return base64.urlsafe_b64encode(json.dumps(values, cls=_Exact).encode()).decode().rstrip("=")


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _read(position: str, count: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(position + "=" * (-len(position) % 4)))
        # Half a surrogate pair fits into JSON's escapes but into no text column.
        json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise _unknown_position() from None
    scalars = isinstance(values, list) and all(isinstance(v, str | int | float) for v in values)
    if "\\u0000" in json.dumps(values):
        raise _unknown_position()
    if not scalars or len(values) != count:
        raise _unknown_position()
    return values


def _unknown_position() -> DomainError:
    sentence = _("This page of the list is not there. Go back to its beginning.")
    return DomainError("unknown_position", sentence)


class _Exact(DjangoJSONEncoder):
    """Django's encoder cuts times to milliseconds, which would skip rows."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)
