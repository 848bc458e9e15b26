"""A request finds out whether its connection still lives without asking the database."""

from collections.abc import Iterator

import psycopg2
import pytest
from django.db import connection
from django.db.backends.postgresql import base

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _connected() -> Iterator[None]:
    connection.ensure_connection()
    yield
    connection.close()


def _end(process: int) -> None:
    """End a connection as a restart of the server does."""
    with psycopg2.connect(connection.connection.dsn) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
    other.close()


def _answer() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("_connected")
def test_an_idle_connection_is_used_again_without_a_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asked(_self: object) -> bool:
        raise AssertionError("The database was asked.")

    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", asked)

    assert connection.is_usable()


@pytest.mark.usefixtures("_connected")
def test_a_connection_that_the_server_ended_is_replaced_before_the_next_request() -> None:
    ended = connection.connection
    _end(ended.info.backend_pid)

    assert not connection.is_usable()
    # What Django does when a request begins.
    connection.health_check_enabled, connection.health_check_done = True, False
    connection.close_if_unusable_or_obsolete()

    assert _answer() == 1
    assert connection.connection is not ended


@pytest.mark.usefixtures("_connected")
def test_a_connection_the_server_has_spoken_on_unasked_is_asked() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN restarted")
    with psycopg2.connect(connection.connection.dsn) as other, other.cursor() as cursor:
        cursor.execute("NOTIFY restarted")
    other.close()

    assert connection.is_usable()
    assert _answer() == 1


def test_a_connection_that_was_closed_is_not_usable() -> None:
    connection.ensure_connection()
    connection.connection.close()

    assert not connection.is_usable()
    connection.close()
