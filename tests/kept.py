"""Fixtures whose rows are written once by a process and copied back for each test.

A loan that was paid out takes hundreds of statements to make, and hundreds of tests begin with one.
The first test that asks for some kept fixtures makes them; their rows are read as `COPY` gives
them, and the next test that asks for the same gets rows and objects as they were then. A test that
asks for more goes on from what is known of a part of them: the loan with an auditor beside it from
the loan, which was kept by itself before the auditor came.

A kept fixture depends on kept fixtures and on those that write no rows.
"""

import copy
import functools
import io
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper

from tests import emptying

_MARK = "_is_kept"
# The bytes of a table's rows from which on they are counted for the planner.
_MANY = 50_000
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
    """What some fixtures wrote, and how to get what they returned, by their names."""

    tables: list[_Table]
    copies: Callable[[], dict[str, Any]]

    @property
    def size(self) -> int:
        """Say how much was written."""
        return sum(len(table.rows) for table in self.tables)


@dataclass
class _Stage:
    """What the running test has of kept fixtures: copies to hand out, or a note of the new."""

    copies: dict[str, Any] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)


# By whether it was made inside a transaction, and the functions of its fixtures.
_scenes: dict[tuple[bool, frozenset[_Fixture]], _Scene] = {}
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
    if names:
        request.getfixturevalue("db")
    try:
        # A test may also ask for one by name as it runs; nothing of it is for the next test.
        if names and emptying.may_be_quick():
            _bring_in(request, names)
        yield
    finally:
        _stage.copies, _stage.noted = {}, {}


def _kept_names(request: pytest.FixtureRequest) -> dict[str, _Fixture]:
    known = _definitions(request)
    found = {name: known[name][-1].func for name in request.fixturenames if known.get(name)}
    return {name: make for name, make in found.items() if getattr(make, _MARK, False)}


def _bring_in(request: pytest.FixtureRequest, names: dict[str, _Fixture]) -> None:
    place, wanted = connection.in_atomic_block, frozenset(names.values())
    known = _scenes.get((place, wanted))
    before: list[_Table] = []
    if known is None:
        # Tests outside a transaction empty all tables at their end: what migrations wrote is there
        # for the first of them alone, and what is kept of it must do for the others.
        if not place:
            emptying.empty()
        with connection.cursor() as cursor:
            before = _read(cursor, emptying.with_rows(cursor))
        parts = [one for (where, of), one in _scenes.items() if where is place and of < wanted]
        known = max(parts, key=lambda one: one.size, default=_Scene([], dict))
    _stage.copies = known.copies()
    with _no_triggers() as cursor:
        _write(cursor, known.tables)
    if (place, wanted) not in _scenes:
        _make(request, names, before)


def _make(request: pytest.FixtureRequest, names: dict[str, _Fixture], before: list[_Table]) -> None:
    """Let the fixtures make what there is no copy of, the one that needs most of them first.

    What that one needs is kept apart from the rest, for others to go on from.
    """
    first, *rest = sorted(names, key=lambda name: -len(_needed(request, name) & names.keys()))
    for turn in ([first], rest):
        for name in turn:
            request.getfixturevalue(name)
        made = _stage.copies | _stage.noted
        key = connection.in_atomic_block, frozenset(names[name] for name in made)
        if key not in _scenes:
            with connection.cursor() as cursor:
                rows = _read(cursor, emptying.with_rows(cursor), before)
            _scenes[key] = _Scene(rows, _copier(made))


def _copier(made: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """Return what makes copies of objects, those that belong together still the same."""
    try:
        stored = pickle.dumps(made)
    except (pickle.PicklingError, AttributeError, TypeError):
        original = copy.deepcopy(made)
        return lambda: copy.deepcopy(original)
    # Several times quicker than copying object by object.
    return lambda: pickle.loads(stored)  # type: ignore[no-any-return]  # noqa: S301 - our own


def _needed(request: pytest.FixtureRequest, name: str) -> set[str]:
    """Return what a fixture depends on, and itself."""
    needed, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one not in needed:
            needed.add(one)
            waiting += [more for it in _definitions(request).get(one, ()) for more in it.argnames]
    return needed


def _definitions(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    # pytest has no public way to ask for the function behind a fixture's name.
    known: Mapping[str, Any] = request.node._fixtureinfo.name2fixturedefs
    return known


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
        if len(table.rows) > _MANY:
            # Without statistics the planner joins hundreds of rows in loops over those of every
            # test before, which are dead and still there.
            cursor.execute(f"ANALYZE {name}")


@contextmanager
def _no_triggers() -> Iterator[CursorWrapper]:
    """Pass over triggers and foreign keys: what they did is among the rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            cursor.execute("SET session_replication_role = origin")
