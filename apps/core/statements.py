"""SQL that the database parses and plans once for each connection.

PostgreSQL needs longer to plan a join of eight tables by key than to answer it. A statement here
is handed over with PREPARE the first time a connection meets it; afterwards only its name and its
values travel. Behind a pooler that changes connections between transactions - Django's
DISABLE_SERVER_SIDE_CURSORS says so - the whole text is sent every time instead.

A column that changes its type under a running process spoils the plan. Outside of a transaction
it is made anew, and nobody notices. Within one PostgreSQL has given up the transaction already: the
request fails, and the connection is closed when it ends.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, NotSupportedError, OperationalError, connections
from django.db.transaction import TransactionManagementError
from psycopg2.extensions import AsIs

# What each open connection has been told, by the connection itself.
_told: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
_LONGEST_NAME = 63  # bytes of a PostgreSQL identifier
_PLACE = re.compile(r"%\((\w+)\)s")
# What a block's statements leave for the next message: texts, and their values in order.
_Waiting = list[tuple[str, list[Any]]]
_waiting: ContextVar[_Waiting | None] = ContextVar("waiting", default=None)


class PlanOutdated(OperationalError):
    """The table changed since the connection met the statement; the next connection knows it."""


class Given:
    """The place of a value that is only known when a statement is sent."""

    def __init__(self, name: str) -> None:
        self.name = name


class Statement:
    """One SQL text with `%s` for its parameters: constants, or `Given` for what comes later.

    `after` is another statement, without parameters, that is sent before it in the same message.
    """

    def __init__(self, label: str, sql: str, parameters: Sequence[Any], *, after: str = "") -> None:
        self._before = f"{after}; " if after else ""
        self._sql, self._parameters = sql, tuple(parameters)
        self._places = list(
            dict.fromkeys(one.name for one in self._parameters if isinstance(one, Given))
        )
        digest = hashlib.sha256(repr((sql, self._constants())).encode()).hexdigest()[:8]
        self._name = f'"{label[: _LONGEST_NAME - 9]}_{digest}"'
        values = ", ".join(["%s"] * len(self._places))
        self._execute = f"{self._before}EXECUTE {self._name}" + (f"({values})" if values else "")

    def send(self, cursor: Any, values: Mapping[str, Any]) -> None:
        """Execute with these values on a cursor of Django's. Raises KeyError where one is missing.

        A value must be of its column's own type: a UUID, a date, a Decimal, a text.
        """
        if cursor.db.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            cursor.execute(self._before + self._sql, self._filled(values))
            return
        given = [values[name] for name in self._places]
        self._tell(cursor)
        try:
            cursor.execute(self._execute, given)
        except NotSupportedError as error:
            # A migration gave a column another type: this connection's plans are of yesterday.
            if not cursor.db.get_autocommit():
                cursor.db.close_at = 0
                raise PlanOutdated(str(error)) from error
            _forget(cursor)
            self._tell(cursor)
            cursor.execute(self._execute, given)

    def carry(self, values: Mapping[str, Any]) -> bool:
        """Leave it to the next message of a `carrying` block; say whether there is one.

        What it returns is not read. A place that breaks breaks that next message instead.
        """
        waiting = _waiting.get()
        if waiting is None:
            return False
        link = connections[DEFAULT_DB_ALIAS]
        if link.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            waiting.append((self._before + self._sql, self._filled(values)))
            return True
        given = [values[name] for name in self._places]
        with link.cursor() as cursor:
            self._tell(cursor)
        waiting.append((self._execute, given))
        return True

    def _tell(self, cursor: Any) -> None:
        told = _told.setdefault(cursor.connection, set())
        if self._name not in told:
            places = {name: AsIs(f"${n}") for n, name in enumerate(self._places, start=1)}
            # Of the connection, not of the request: it is none of Django's counted queries.
            with cursor.db.wrap_database_errors, cursor.connection.cursor() as own:
                own.execute(f"PREPARE {self._name} AS {self._sql}", self._filled(places))
            told.add(self._name)

    def _filled(self, values: Mapping[str, Any]) -> list[Any]:
        return [values[one.name] if isinstance(one, Given) else one for one in self._parameters]

    def _constants(self) -> list[Any]:
        return ["" if isinstance(one, Given) else one for one in self._parameters]


def named(label: str, sql: str, **constants: Any) -> Statement:
    """Return the statement of a text that says `%(name)s`: a constant, or given when it is sent."""
    places = [constants.get(name, Given(name)) for name in _PLACE.findall(sql)]
    return Statement(label, _PLACE.sub("%s", sql), places)


def is_carrying() -> bool:
    """Say whether a block of `carrying` is open."""
    return _waiting.get() is not None


@contextmanager
def carrying() -> Iterator[None]:
    """Within the block let statements whose answer nobody reads travel with the next one.

    For a step of work in one transaction that writes a row here and there: each message to the
    database costs both sides more than the row it brings. They are carried out in their order,
    before whatever is asked next, and at the latest at the end of the block; so everybody in the
    transaction sees what they would see otherwise. A block that breaks leaves the rest undone: its
    transaction is. Raises TransactionManagementError outside of a transaction.
    """
    link = connections[DEFAULT_DB_ALIAS]
    if _waiting.get() is not None:
        # The outer block carries them.
        yield
        return
    if not link.in_atomic_block:
        raise TransactionManagementError("Statements travel together in one transaction only.")
    waiting: _Waiting = []
    token = _waiting.set(waiting)
    try:
        with link.execute_wrapper(_Carrier(waiting)):
            yield
            _send(waiting, link)
    finally:
        _waiting.reset(token)


def _send(waiting: _Waiting, link: Any) -> None:
    """Send what waits at the end of a block, with a question that has no answer of interest."""
    if waiting:
        with link.cursor() as cursor:
            cursor.execute("SELECT 1")


class _Carrier:
    """What Django asks to execute every statement: it takes along what waits."""

    def __init__(self, waiting: _Waiting) -> None:
        self._waiting = waiting

    def __call__(self, execute: Callable[..., Any], *asked: Any) -> Any:
        if not self._waiting:
            return execute(*asked)
        sql, params, many, context = asked
        texts = "; ".join(text for text, _values in self._waiting)
        values = [value for _text, given in self._waiting for value in given]
        self._waiting.clear()
        if many or not isinstance(sql, str) or not isinstance(params, list | tuple):
            execute(texts, values, False, context)  # noqa: FBT003 - as Django calls it
            return execute(*asked)
        return execute(f"{texts}; {sql}", [*values, *params], many, context)


def _forget(cursor: Any) -> None:
    """Drop every plan of a connection."""
    with cursor.db.wrap_database_errors, cursor.connection.cursor() as own:
        own.execute("DEALLOCATE ALL")
    _told.pop(cursor.connection, None)
