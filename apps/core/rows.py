"""Single rows written by statements that are put together once for each table.

For new rows of tables that only grow, and for columns written under a condition. Django's own
`save` takes several times as long and adds what these do not need: signals, and the question
whether the row is there. Every check, trigger and constraint of the database holds as always.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import functions
from django.db.transaction import mark_for_rollback_on_error

from apps.core.fields import Ciphertext, EncryptedField
from apps.core.statements import Given, Statement

Column: TypeAlias = "models.Field[Any, Any]"


# Kinds of columns that take Python's own values.
_PLAIN = {
    models.BigAutoField,
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.DateTimeField,
    models.DecimalField,
    models.FloatField,
    models.ForeignKey,
    models.IntegerField,
    models.OneToOneField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.SmallIntegerField,
    models.TextField,
    models.UUIDField,
}
_STAMPS = ("auto_now", "auto_now_add")


def insert(row: models.Model, *, if_new: bool = False) -> bool:
    """Write a new row; say whether it was written.

    With `if_new` a row that a unique constraint has there already is no error: nothing is written.
    """
    return bool(_inserted([row], if_new=if_new))


def insert_all(
    new: Sequence[models.Model], *, if_new: bool = False, nameless: bool = False
) -> set[Any]:
    """Write new rows of one table, in their order, with one statement; return the keys written.

    Keys are all known or none; with `if_new`, as `insert` has it, they are known. For a few rows,
    the same number again and again: each number has a statement of its own. Who says `nameless`
    will not ask for keys that the database gives, and need not wait for them.
    """
    return _inserted(new, if_new=if_new, nameless=nameless) if new else set()


def change(row: models.Model, changes: Mapping[str, Any], *, while_: Mapping[str, Any]) -> bool:
    """Write columns of a row while others still hold what is named; say whether they did.

    `updated_at`, where the table has it, becomes the time of the statement. The instance then
    holds what the database holds. Expressions such as F are put together by Django each time.
    """
    model, names = type(row), tuple(changes)
    if any(hasattr(new, "resolve_expression") for new in changes.values()):
        return _change_by_expression(row, changes, while_=while_)
    values = {"key": row.pk}
    values |= {
        f"new {name}": _kept(_column(model, name), row.pk, new) for name, new in changes.items()
    }
    values |= {f"old {name}": _stored(_column(model, name), old) for name, old in while_.items()}
    found = _sent(_update(model, names, tuple(while_)), values)
    if not found:
        return False
    for name, new in changes.items():
        setattr(row, name, new)
    for column, value in zip(_returned(model, names), found[0], strict=True):
        setattr(row, column.attname, _loaded(column, value))
    return True


def change_each(
    model: type[models.Model],
    changes: Mapping[Any, Mapping[str, Any]],
    *,
    while_: Mapping[str, Any],
) -> set[Any]:
    """Write columns of many rows with one statement: key of a row -> column -> value.

    All rows change the same columns, each while others of its own still hold what is named.
    Returns the keys of the rows that did; instances learn nothing.
    """
    if not changes:
        return set()
    names = tuple(next(iter(changes.values())))
    columns, held = _columns(model, names), _columns(model, while_)
    key, typed = _key(model), [_typed(one) for one in (_key(model), *columns)]
    sets = [f"{_name(one)} = new.{_name(one)}" for one in columns]
    if _keeps_time(model):
        sets.append("updated_at = STATEMENT_TIMESTAMP()")
    there = [f"old.{_name(key)} = new.{_name(key)}"]
    there += [f"old.{_name(one)} IS NOT DISTINCT FROM {_place(one)}" for one in held]
    table = ", ".join([f"({', '.join(typed)})"] * len(changes))
    sql = (
        f"UPDATE {_table(model)} AS old SET {', '.join(sets)}"  # noqa: S608 - own names
        f" FROM (VALUES {table}) AS new({', '.join(map(_name, (key, *columns)))})"
        f" WHERE {' AND '.join(there)} RETURNING old.{_name(key)}"
    )
    values = [
        _kept(column, pk, value)
        for pk, new in changes.items()
        for column, value in zip((key, *columns), (pk, *(new[name] for name in names)), strict=True)
    ]
    values += [_stored(column, value) for column, value in zip(held, while_.values(), strict=True)]
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {found for (found,) in cursor.fetchall()}


def _typed(column: Column) -> str:
    """Return the place of a value in a list of values, which says its type to the database."""
    return f"{_place(column)}::{column.db_type(connection)}"


def _change_by_expression(
    row: models.Model, changes: Mapping[str, Any], *, while_: Mapping[str, Any]
) -> bool:
    model = type(row)
    times = {"updated_at": functions.Now()} if _keeps_time(model) else {}
    found = model._base_manager.filter(pk=row.pk, **while_)
    if not found.update(**changes, **times):
        return False
    row.refresh_from_db(fields=[*changes, *times])
    return True


def _inserted(
    new: Sequence[models.Model], *, if_new: bool = False, nameless: bool = False
) -> set[Any]:
    """Write new rows, each learns its key; return the keys of those that were written."""
    model, keyed = type(new[0]), new[0].pk is not None
    values = _values(new, keyed=keyed)
    statement = _insertion(model, number=len(new), keyed=keyed, if_new=if_new)
    if (keyed or nameless) and not if_new and statement.carry(values):
        # Nobody needs to wait for the answer.
        keys = [row.pk for row in new]
    else:
        keys = [key for (key,) in _sent(statement, values)]
    if not keyed:
        for row, key in zip(new, keys, strict=True):
            row.pk = key
    written = set(keys)
    for row in new:
        if row.pk in written:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return written


def _values(new: Sequence[models.Model], *, keyed: bool) -> dict[str, Any]:
    """Return what a statement inserts, by column and number of the row."""
    model, link = type(new[0]), connections[DEFAULT_DB_ALIAS]
    values: dict[str, Any] = {}
    for number, row in enumerate(new):
        for name in _as_it_is(model, keyed=keyed):
            values[f"{name} {number}"] = getattr(row, name)
        for one in _made_up(model, keyed=keyed):
            stored = one.get_db_prep_save(one.pre_save(row, add=True), link)
            values[f"{one.attname} {number}"] = stored
    return values


def _sent(statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows a statement returns."""
    link = connections[DEFAULT_DB_ALIAS]
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), link.cursor() as cursor:
        statement.send(cursor, values)
        return list(cursor.fetchall())


@functools.cache
def _inserted_columns(model: type[models.Model], *, keyed: bool) -> tuple[Column, ...]:
    columns = model._meta.concrete_fields
    return tuple(one for one in columns if keyed or not one.primary_key)


@functools.cache
def _as_it_is(model: type[models.Model], *, keyed: bool) -> tuple[str, ...]:
    """Return the columns whose value goes to the database as it stands on the instance."""
    made_up = _made_up(model, keyed=keyed)
    return tuple(one.attname for one in _inserted_columns(model, keyed=keyed) if one not in made_up)


@functools.cache
def _made_up(model: type[models.Model], *, keyed: bool) -> tuple[Column, ...]:
    """Return the columns that say how their value is written: JSON, ciphertext, the time."""
    return tuple(
        one
        for one in _inserted_columns(model, keyed=keyed)
        if type(one) not in _PLAIN or any(getattr(one, name, False) for name in _STAMPS)
    )


@functools.cache
def _insertion(model: type[models.Model], *, number: int, keyed: bool, if_new: bool) -> Statement:
    columns = _inserted_columns(model, keyed=keyed)
    names, places = ", ".join(map(_name, columns)), ", ".join(map(_place, columns))
    every = ", ".join([f"({places})"] * number)
    nothing = " ON CONFLICT DO NOTHING" if if_new else ""
    key = _name(_key(model))
    sql = f"INSERT INTO {_table(model)} ({names}) VALUES {every}{nothing} RETURNING {key}"  # noqa: S608 - own names
    given = [Given(f"{one.attname} {row}") for row in range(number) for one in columns]
    return Statement(f"insert {model._meta.label}", sql, given)


@functools.cache
def _update(
    model: type[models.Model], changed: tuple[str, ...], condition: tuple[str, ...]
) -> Statement:
    sets = [f"{_name(one)} = {_place(one)}" for one in _columns(model, changed)]
    if _keeps_time(model):
        sets.append("updated_at = STATEMENT_TIMESTAMP()")
    held = [f"{_name(one)} = {_place(one)}" for one in (_key(model), *_columns(model, condition))]
    returned = map(_name, _returned(model, changed))
    sql = (
        f"UPDATE {_table(model)} SET {', '.join(sets)} WHERE {' AND '.join(held)}"  # noqa: S608 - own names
        f" RETURNING {', '.join(returned)}"
    )
    places = [f"new {one}" for one in changed] + ["key"] + [f"old {one}" for one in condition]
    return Statement(f"change {model._meta.label}", sql, [Given(one) for one in places])


@functools.cache
def _returned(model: type[models.Model], changed: tuple[str, ...]) -> tuple[Column, ...]:
    return _columns(model, (*changed, *(("updated_at",) if _keeps_time(model) else ())))


def _columns(model: type[models.Model], names: Iterable[str]) -> tuple[Column, ...]:
    return tuple(_column(model, name) for name in names)


def _column(model: type[models.Model], name: str) -> Column:
    return model._meta.get_field(name)  # type: ignore[return-value]  # rows have only columns


def _keeps_time(model: type[models.Model]) -> bool:
    return any(one.name == "updated_at" for one in model._meta.concrete_fields)


def _key(model: type[models.Model]) -> Column:
    return model._meta.pk


def _table(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


def _name(column: Column) -> str:
    return str(connection.ops.quote_name(str(column.column)))


def _place(column: Column) -> str:
    """Return the place of a value; some kinds of columns need its type said beside it."""
    typed = getattr(column, "get_placeholder", None)
    return "%s" if typed is None else str(typed(None, None, connection))


def _kept(column: Column, key: Any, value: Any) -> Any:
    """Return a value of a row as its column keeps it: sealed to the row where it is encrypted."""
    if isinstance(column, EncryptedField) and not isinstance(value, Ciphertext | None):
        value = column.seal(value, key)
    return _stored(column, value)


def _stored(column: Column, value: Any) -> Any:
    if isinstance(value, models.Model):
        value = value.pk
    return column.get_db_prep_save(value, connection)


def _loaded(column: Column, value: Any) -> Any:
    for convert in column.get_db_converters(connection):
        value = convert(value, column, connection)
    return value
