"""Write many rows at once with PostgreSQL's COPY, through the same fields as single rows."""

import io
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.utils import timezone

from apps.core.fields import Ciphertext, EncryptedField

Writer = Callable[[Mapping[str, Any]], str]
NULL = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class CannotWrite(TypeError):
    """A value has no form in a COPY stream."""


def copy_into(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> int:
    """Append `rows` (column attribute -> value) to a model's table; return how many.

    Columns a row does not name take the field's default, time stamps take the present moment,
    encrypted fields are sealed to their row. Constraints and triggers hold as for any insert;
    `save()` and auditlog are not involved, so the caller records what was done.
    """
    fields = model._meta.concrete_fields
    writers = [_writer(field, timezone.now()) for field in fields]
    lines = ["\t".join([write(row) for write in writers]) for row in rows]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column or field.attname) for field in fields)
    stream = io.StringIO("\n".join(lines) + "\n" if lines else "")
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN", stream)
    return len(lines)


def copy_rows(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Send rows, one value per column, through a `COPY ... FROM STDIN` in its text format.

    Errors of the database come as Django's own. Raises CannotWrite as `copy_into` does.
    """
    stream = io.StringIO()
    stream.writelines("\t".join(map(_text, row)) + "\n" for row in rows)
    stream.seek(0)
    # Not one of those statements whose errors Django makes its own.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(statement, stream)


def refresh_statistics(*tables: type[models.Model]) -> None:
    """Tell the planner how many rows there are now, as autovacuum will only do in some minutes.

    A query right after a bulk load is otherwise planned for the table as it was, often empty.
    """
    names = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {names}")


def _writer(field: "models.Field[Any, Any]", now: datetime) -> Writer:
    """Return the function that writes one column of a row; made once per table, not per row."""
    name = field.attname
    if isinstance(field, EncryptedField):
        return lambda row: _sealed(field, row)
    if isinstance(field, models.JSONField):
        return lambda row: _json(field, row[name] if name in row else field.get_default())
    if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
        moment = _text(now)
        return lambda _row: moment
    if callable(field.default) and field.default is not models.NOT_PROVIDED:
        make = field.default
        return lambda row: _text(row[name] if name in row else make())
    default = _text(field.get_default())
    return lambda row: _text(row[name]) if name in row else default


def _sealed(field: EncryptedField, row: Mapping[str, Any]) -> str:
    value = row.get(field.attname)
    return NULL if value is None else _text(field.seal(value, row["id"]))


def _json(field: "models.JSONField[Any, Any]", value: Any) -> str:
    return NULL if value is None else _escaped(json.dumps(value, cls=field.encoder))


def _text(value: Any) -> str:
    """Return a value as COPY's text format writes it."""
    if isinstance(value, models.TextChoices):
        value = value.value
    write = _WRITERS.get(type(value))
    if write is None:
        raise CannotWrite(f"{type(value).__name__} has no form in a COPY stream.")
    return write(value)


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES) if _SPECIAL.search(value) else value


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: NULL,
    bool: lambda value: "t" if value else "f",
    str: _escaped,
    int: str,
    float: repr,
    Decimal: str,
    uuid.UUID: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    Ciphertext: lambda value: f"\\\\x{value.hex()}",
}
