"""Single rows written by statements that are put together once for each table.

For new rows of tables that only grow, and for columns written under a condition. Django's own
`save` takes several times as long and adds what these do not need: signals, and the question
whether the row is there. Every check, trigger and constraint of the database holds as always.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import functions
from django.db.transaction import mark_for_rollback_on_error

from apps.core.statements import Given, Statement

Column: TypeAlias = "models.Field[Any, Any]"


def insert(row: models.Model, *, if_new: bool = False) -> bool:
    """Write a new row; say whether it was written.

    With `if_new` a row that a unique constraint has there already is no error: nothing is written.
    """
    link = connections[DEFAULT_DB_ALIAS]
    values = {
        one.attname: one.get_db_prep_save(one.pre_save(row, add=True), link)
        for one in _inserted_columns(type(row), keyed=row.pk is not None)
    }
    found = _sent(_insertion(type(row), keyed=row.pk is not None, if_new=if_new), values)
    if found is None:
        return False
    row.pk = found[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return True


def change(row: models.Model, changes: Mapping[str, Any], *, while_: Mapping[str, Any]) -> bool:
    """Write columns of a row while others still hold what is named; say whether they did.

    `updated_at`, where the table has it, becomes the time of the statement. The instance then
    holds what the database holds. Expressions such as F are put together by Django each time.
    """
    model, names = type(row), tuple(changes)
    if any(hasattr(new, "resolve_expression") for new in changes.values()):
        return _change_by_expression(row, changes, while_=while_)
    values = {"key": row.pk}
    values |= {f"new {name}": _stored(_column(model, name), new) for name, new in changes.items()}
    values |= {f"old {name}": _stored(_column(model, name), old) for name, old in while_.items()}
    found = _sent(_update(model, names, tuple(while_)), values)
    if found is None:
        return False
    for name, new in changes.items():
        setattr(row, name, new)
    for column, value in zip(_returned(model, names), found, strict=True):
        setattr(row, column.attname, _loaded(column, value))
    return True


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


def _sent(statement: Statement, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return the row a statement returns, or None."""
    link = connections[DEFAULT_DB_ALIAS]
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), link.cursor() as cursor:
        statement.send(cursor, values)
        found: tuple[Any, ...] | None = cursor.fetchone()
        return found


@functools.cache
def _inserted_columns(model: type[models.Model], *, keyed: bool) -> tuple[Column, ...]:
    columns = model._meta.concrete_fields
    return tuple(one for one in columns if keyed or not one.primary_key)


@functools.cache
def _insertion(model: type[models.Model], *, keyed: bool, if_new: bool) -> Statement:
    columns = _inserted_columns(model, keyed=keyed)
    names, places = ", ".join(map(_name, columns)), ", ".join(map(_place, columns))
    nothing = " ON CONFLICT DO NOTHING" if if_new else ""
    key = _name(_key(model))
    sql = f"INSERT INTO {_table(model)} ({names}) VALUES ({places}){nothing} RETURNING {key}"  # noqa: S608 - own names
    return Statement(f"insert {model._meta.label}", sql, [Given(one.attname) for one in columns])


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


def _stored(column: Column, value: Any) -> Any:
    if isinstance(value, models.Model):
        value = value.pk
    return column.get_db_prep_save(value, connection)


def _loaded(column: Column, value: Any) -> Any:
    for convert in column.get_db_converters(connection):
        value = convert(value, column, connection)
    return value
