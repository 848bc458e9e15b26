"""Queries that are put together once, by Django and by the database; then only values change.

Putting a query together takes Django several times as long as PostgreSQL takes to answer it. Where
one request asks the same few questions every time, each is declared with `Given` in the places of
its values, and asked through `Query`. What comes back is what the queryset itself would return.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import ModelIterable, get_related_populators

from apps.core import statements

Row = TypeVar("Row")
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

    @cached_property
    def _compiled(self) -> tuple[statements.Statement, Reader]:
        queryset = self._build()
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        label = f"{self._build.__module__}.{self._build.__name__}"
        is_model = queryset._iterable_class is ModelIterable  # noqa: SLF001 - Django asks it, too
        read = _instances(compiler) if is_model else _tuples(compiler)
        return statements.Statement(label, sql, parameters, after=self._after), read


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
