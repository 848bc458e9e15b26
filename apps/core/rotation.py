"""Seal again, under the current key, what older keys have sealed; then an old key can go.

The work is its own record of progress: a value under the current key is left alone, so a run
that was broken off is simply started again.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pgtrigger
from django.apps import apps
from django.db import connection, models, transaction

from apps.core.crypto import VERSION, CannotOpen
from apps.core.fields import EncryptedBytesField, EncryptedField
from apps.core.keyring import keyring

CHUNK = 500
# Files are large: a chunk of them must still fit into memory.
CHUNK_OF_FILES = 20


@dataclasses.dataclass
class Column:
    """One encrypted column, and what a run did there. `broken` holds keys of rows that fail."""

    model: type[models.Model]
    field: EncryptedField
    rotated: int = 0
    broken: list[Any] = dataclasses.field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.field.name}"

    @property
    def chunk(self) -> int:
        """How many values are read at once."""
        return CHUNK_OF_FILES if isinstance(self.field, EncryptedBytesField) else CHUNK


def columns() -> list[Column]:
    """Return every encrypted column of every installed app."""
    return [
        Column(model, column)
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
        for column in model._meta.local_fields
        if isinstance(column, EncryptedField)
    ]


def waiting(column: Column) -> int:
    """Return how many values of a column are not under the current key."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_from_old_keys(column)}", _current())
        [count] = cursor.fetchone()
    return int(count)


def rotate(column: Column) -> Iterator[int]:
    """Seal a column anew, chunk by chunk, each in a transaction; yield the values rotated so far.

    A value that does not open is left as it is and noted in `column.broken`.
    """
    last = None
    while True:
        with transaction.atomic(), _past_triggers(column):
            rows = _next_rows(column, last)
            _seal_again(column, rows)
        if not rows:
            return
        last = rows[-1][0]
        yield column.rotated


def _seal_again(column: Column, rows: list[tuple[Any, bytes]]) -> None:
    changes = []
    for key, sealed in rows:
        place = column.field.place(key)
        try:
            plain = keyring().open(bytes(sealed), place=place)
        except CannotOpen:
            column.broken.append(key)
            continue
        changes.append((keyring().seal(plain, place=place), key))
    table, name, primary = _names(column)
    # The names are quoted and come from our own models.
    statement = f"UPDATE {table} SET {name} = %s WHERE {primary} = %s"  # noqa: S608
    with connection.cursor() as cursor:
        # One by one: pgtrigger's way past triggers does not work with executemany.
        for change in changes:
            cursor.execute(statement, change)
    column.rotated += len(changes)


def _next_rows(column: Column, last: Any) -> list[tuple[Any, bytes]]:
    """Return the next chunk in the order of the key, held until it is written."""
    _, name, primary = _names(column)
    after = "" if last is None else f"AND {primary} > %s"
    statement = (
        f"SELECT {primary}, {name} {_from_old_keys(column)} {after} "
        f"ORDER BY {primary} LIMIT {column.chunk} FOR UPDATE"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, _current() if last is None else [*_current(), last])
        return list(cursor.fetchall())


def _from_old_keys(column: Column) -> str:
    table, name, _ = _names(column)
    return f"FROM {table} WHERE {name} IS NOT NULL AND substring({name} FROM 1 FOR %s) <> %s"


def _current() -> list[Any]:
    """Return length and bytes of what a value under the current key begins with."""
    prefix = f"{VERSION}|{keyring().current}|".encode()
    return [len(prefix), prefix]


def _names(column: Column) -> tuple[str, str, str]:
    """Return table, column and key, quoted: they come from our own models."""
    quote, meta = connection.ops.quote_name, column.model._meta
    return quote(meta.db_table), quote(str(column.field.column)), quote(str(meta.pk.column))


def _past_triggers(column: Column) -> AbstractContextManager[None]:
    """Let frozen rows be sealed anew: what they say does not change."""
    triggers = getattr(column.model._meta, "triggers", [])
    if not triggers:
        return nullcontext()
    return pgtrigger.ignore(*(f"{column.model._meta.label}:{each.name}" for each in triggers))
