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
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import NotSupportedError, OperationalError
from psycopg2.extensions import AsIs

# What each open connection has been told, by the connection itself.
_told: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
_LONGEST_NAME = 63  # bytes of a PostgreSQL identifier


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


def _forget(cursor: Any) -> None:
    """Drop every plan of a connection."""
    with cursor.db.wrap_database_errors, cursor.connection.cursor() as own:
        own.execute("DEALLOCATE ALL")
    _told.pop(cursor.connection, None)
