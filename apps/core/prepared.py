"""Queries that are put together once, by Django and by the database; then only values change.

Putting a query together takes Django several times as long as PostgreSQL takes to answer it. Where
one request asks the same few questions every time, each is declared with `Given` in the places of
its values, and asked through `Query`. What comes back is what the queryset itself would return.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import ModelIterable, get_related_populators
from psycopg2.extensions import AsIs

from apps.core import statements

Row = TypeVar("Row")
Other = TypeVar("Other")
Third = TypeVar("Third")
Reader = Callable[[list[Any]], Iterator[Any]]


class Given(models.Expression, statements.Given):
    """The place of a value that is only known when the query is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # the value is a place
        """Return the place of the value."""
        return "%s", [self]


class Query(Generic[Row]):
    """One question to the database, asked each time with other values.

    `build` returns the queryset with `Given` where a value belongs. It is called when the first
    one asks: not before all models are known. Rows are model instances with what `select_related`
    named, or tuples where the queryset says `values_list`. `after` is a statement that travels
    with the question and has ended before the question begins.
    """

    def __init__(
        self, build: Callable[[], "models.QuerySet[Any, Row]"], *, after: str = ""
    ) -> None:
        self._build, self._after = build, after

    def all(self, **values: Any) -> list[Row]:
        """Return every row. Raises KeyError when a value is missing."""
        statement, read = self._compiled
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            statement.send(cursor, values)
            return list(read(cursor.fetchall()))

    def first(self, **values: Any) -> Row | None:
        """Return the first row, or None."""
        return next(iter(self.all(**values)), None)

    def one(self, **values: Any) -> Row:
        """Return the only row of a query that always has one."""
        [found] = self.all(**values)
        return found

    def one_each(self, asked: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Return what `one` returns for each of several sets of values, with one statement.

        A value is a UUID, a text, a day or a number, and none is None. Raises KeyError when one is
        missing.
        """
        if not asked:
            return []
        columns = {name: [values[name] for values in asked] for name in self._names}
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            self._each({name: type(column[0]) for name, column in columns.items()}).send(
                cursor, columns
            )
            found = list(self.parts.read(cursor.fetchall()))
        if len(found) != len(asked):
            raise LookupError(f"{self.label} has not exactly one row for each.")
        return found

    def ask(self, **values: Any) -> None:
        """Ask for the sake of the locks that the rows get; nobody reads the answer.

        In a block of `statements.carrying` the question travels with the next one.
        """
        statement, _read = self._compiled
        if not statement.carry(values):
            self.all(**values)

    @cached_property
    def _compiled(self) -> tuple[statements.Statement, Reader]:
        sql, parameters, read, _width = self.parts
        return statements.Statement(self.label, sql, parameters, after=self._after), read

    def _each(self, kinds: Mapping[str, type]) -> statements.Statement:
        """Return the question asked for every row of a table of values, in their order."""
        key = tuple(kinds.values())
        if key not in self._asked_each:
            places = {name: _Named(f'asked."{name}"') for name in kinds}
            sql, parameters, _read, _width = self.parts
            named = [
                places[one.name] if isinstance(one, statements.Given) else one for one in parameters
            ]
            arrays = ", ".join(f"%s::{_SQL_TYPES[kind]}[]" for kind in kinds.values())
            columns = ", ".join(f'"{name}"' for name in kinds)
            text = (
                f"SELECT it.* FROM unnest({arrays}) WITH ORDINALITY AS asked({columns}, place)"  # noqa: S608 - own names
                f" CROSS JOIN LATERAL ({sql}) AS it ORDER BY asked.place"
            )
            given = [statements.Given(name) for name in kinds]
            self._asked_each[key] = statements.Statement(
                f"each {self.label}", text, [*given, *named], after=self._after
            )
        return self._asked_each[key]

    @cached_property
    def _asked_each(self) -> dict[tuple[type, ...], statements.Statement]:
        return {}

    @cached_property
    def _names(self) -> list[str]:
        """The names of the values, each once."""
        given = (one.name for one in self.parts.parameters if isinstance(one, statements.Given))
        return list(dict.fromkeys(given))

    @property
    def label(self) -> str:
        """The name of the question, for people who look at what a connection has prepared."""
        return f"{self._build.__module__}.{self._build.__name__}"

    @cached_property
    def parts(self) -> "_Parts":
        """The SQL with its parameters, how its rows are read, and how many columns they have."""
        queryset = self._build()
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        is_model = queryset._iterable_class is ModelIterable  # noqa: SLF001 - Django asks it, too
        read = _instances(compiler) if is_model else _tuples(compiler)
        return _Parts(sql, parameters, read, len(compiler.select))


class _Named(AsIs):
    """A column of a statement's own, where a value would stand."""

    def __repr__(self) -> str:
        return str(self.adapted)


# How the kinds of values that are asked about travel in a list.
_SQL_TYPES: Mapping[type, str] = {
    uuid.UUID: "uuid",
    str: "text",
    int: "bigint",
    date: "date",
}


class _Parts(NamedTuple):
    sql: str
    parameters: Sequence[Any]
    read: Reader
    width: int


class _Together:
    """Questions of which none needs another's answer, asked with one message.

    Each is for one row at most. Values of the same name are the same value.
    """

    def __init__(self, *queries: Query[Any]) -> None:
        self._queries = queries

    def _first(self, **values: Any) -> tuple[Any, ...]:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            self._statement.send(cursor, values)
            [row] = cursor.fetchall()
        found, place = [], 0
        for one in self._queries:
            ends = place + one.parts.width + 1
            found.append(_found(one.parts, row[place:ends]))
            place = ends
        return tuple(found)

    @cached_property
    def _statement(self) -> statements.Statement:
        parts = [one.parts for one in self._queries]
        every = ", ".join(f"part{number}.*" for number in range(len(parts)))
        joined = (
            # A row may hold nothing but NULL: that it was found is a column of its own.
            f"LEFT JOIN (SELECT TRUE, it.* FROM ({part.sql}) AS it) AS part{number} ON TRUE"  # noqa: S608 - Django's own SQL
            for number, part in enumerate(parts)
        )
        sql = f"SELECT {every} FROM (SELECT) AS always {' '.join(joined)}"  # noqa: S608 - as above
        label = " ".join(one.label for one in self._queries)
        given = [value for part in parts for value in part.parameters]
        return statements.Statement(label, sql, given)


class Both(_Together, Generic[Row, Other]):
    """Two questions, asked with one message."""

    def __init__(self, one: Query[Row], other: Query[Other]) -> None:
        super().__init__(one, other)

    def first(self, **values: Any) -> tuple[Row | None, Other | None]:
        """Return the row of each, or None. Raises KeyError when a value is missing."""
        one, other = self._first(**values)
        return one, other


class Three(_Together, Generic[Row, Other, Third]):
    """Three questions, asked with one message."""

    def __init__(self, one: Query[Row], other: Query[Other], third: Query[Third]) -> None:
        super().__init__(one, other, third)

    def first(self, **values: Any) -> tuple[Row | None, Other | None, Third | None]:
        """Return the row of each, or None. Raises KeyError when a value is missing."""
        one, other, third = self._first(**values)
        return one, other, third


def _found(parts: _Parts, row: Sequence[Any]) -> Any:
    """Return what a row says, its first column that there is one; None where there is none."""
    return next(parts.read([row[1:]])) if row[0] else None


def over_all(
    queryset: "models.QuerySet[Any, Any]", **aggregates: models.Aggregate
) -> "models.QuerySet[Any, Any]":
    """Return the queryset of one row that holds aggregates over all rows, in their order.

    What `aggregate` gives, to be asked later.
    """
    rows = queryset.order_by().annotate(everything=models.Value(1)).values("everything")
    return rows.annotate(**aggregates).values_list(*aggregates)


def _tuples(compiler: Any) -> Reader:
    """Return how to read rows as `values_list` gives them."""
    converters = compiler.get_converters([one[0] for one in compiler.select])

    def read(rows: list[Any]) -> Iterator[Any]:
        converted = compiler.apply_converters(rows, converters) if converters else rows
        return map(tuple, converted)

    return read


def _instances(compiler: Any) -> Reader:
    """Return how to read rows as a queryset of instances does (Django's ModelIterable)."""
    select, klass_info = compiler.select, compiler.klass_info
    converters = compiler.get_converters([one[0] for one in select])
    columns, model = klass_info["select_fields"], klass_info["model"]
    own = slice(columns[0], columns[-1] + 1)
    names = [one[0].target.attname for one in select[own]]
    related = get_related_populators(klass_info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # the types know a later Django

    def read(rows: list[Any]) -> Iterator[Any]:
        for row in compiler.apply_converters(rows, converters) if converters else rows:
            found = model.from_db(DEFAULT_DB_ALIAS, names, row[own])
            for one in related:
                one.populate(row, found)
            yield found

    return read
