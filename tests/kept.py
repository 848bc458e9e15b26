"""Fixtures whose rows are written once by a process and copied back for each test.

A loan that was paid out takes hundreds of statements to make, and hundreds of tests begin with one.
The first test that asks for some kept fixtures makes them; their rows are read as `COPY` gives
them, and the next test that asks for the same gets rows and objects as they were then.

A kept fixture depends on kept fixtures and on those that write no rows.
"""

import copy
import functools
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper

from tests import emptying

_MARK = "_is_kept"
_COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""

_Fixture = Callable[..., Any]


@dataclass(frozen=True)
class _Table:
    """The rows of one table; `is_whole` where there were others that go before they come."""

    name: str
    columns: str
    rows: str
    is_whole: bool


@dataclass(frozen=True)
class _Scene:
    """What some fixtures wrote, and what they returned by their names."""

    tables: list[_Table]
    made: dict[str, Any]


@dataclass
class _Stage:
    """What the running test has of kept fixtures: copies to hand out, or a note of the new."""

    copies: dict[str, Any] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)


_scenes: dict[tuple[Any, ...], _Scene] = {}
_stage = _Stage()


def kept(make: _Fixture) -> _Fixture:
    """Let a fixture hand out what was kept of it; to be written below `@pytest.fixture`."""

    @functools.wraps(make)
    def handed_out(*arguments: Any, **named: Any) -> Any:
        name = make.__name__
        if name in _stage.copies:
            return _stage.copies[name]
        _stage.noted[name] = made = make(*arguments, **named)
        return made

    setattr(handed_out, _MARK, True)
    return handed_out


@contextmanager
def set_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """Bring the kept fixtures of a test in before anything else; they are its own to change."""
    names = _kept_names(request)
    if not names:
        yield
        return
    request.getfixturevalue("db")
    try:
        if emptying.may_be_quick():
            _bring_in(request, names)
        yield
    finally:
        _stage.copies, _stage.noted = {}, {}


def _kept_names(request: pytest.FixtureRequest) -> dict[str, _Fixture]:
    # pytest has no public way to ask for the function behind a fixture's name.
    known: Mapping[str, Any] = request.node._fixtureinfo.name2fixturedefs
    found = {name: known[name][-1].func for name in request.fixturenames if known.get(name)}
    return {name: make for name, make in found.items() if getattr(make, _MARK, False)}


def _bring_in(request: pytest.FixtureRequest, names: dict[str, _Fixture]) -> None:
    # Outside a transaction the database has no rows of migrations, for tests empty all tables.
    key = (connection.in_atomic_block, *names.values())
    if key in _scenes:
        _stage.copies = copy.deepcopy(_scenes[key].made)
        with _no_triggers() as cursor:
            _write(cursor, _scenes[key].tables)
        return
    with connection.cursor() as cursor:
        before = _read(cursor, emptying.with_rows(cursor))
    for name in names:
        request.getfixturevalue(name)
    with connection.cursor() as cursor:
        after = _read(cursor, emptying.with_rows(cursor), before)
    _scenes[key] = _Scene(after, copy.deepcopy(_stage.noted))


def _read(
    cursor: CursorWrapper, names: Iterable[str], before: Iterable[_Table] = ()
) -> list[_Table]:
    """Return the tables that hold anything else than before."""
    known = {table.name: table.rows for table in before}
    found = []
    for name in names:
        cursor.execute(_COLUMNS, [connection.ops.quote_name(name)])
        [columns] = cursor.fetchone()
        rows = io.StringIO()
        source = f"SELECT {columns} FROM {connection.ops.quote_name(name)}"  # noqa: S608 - own names
        cursor.copy_expert(f"COPY ({source}) TO STDOUT", rows)
        if rows.getvalue() != known.get(name):
            found.append(_Table(name, columns, rows.getvalue(), is_whole=name in known))
    return found


def _write(cursor: CursorWrapper, tables: Iterable[_Table]) -> None:
    for table in tables:
        name = connection.ops.quote_name(table.name)
        if table.is_whole:
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608 - own names
        cursor.copy_expert(f"COPY {name} ({table.columns}) FROM STDIN", io.StringIO(table.rows))


@contextmanager
def _no_triggers() -> Iterator[CursorWrapper]:
    """Pass over triggers and foreign keys: what they did is among the rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            cursor.execute("SET session_replication_role = origin")
