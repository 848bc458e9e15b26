"""An advisory lock of a session: it dies with the worker that holds it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def of_session(kind: int, key: uuid.UUID) -> Iterator[bool]:
    """Hold the lock of one thing of a kind, and say whether it was free."""
    keys = [kind, int.from_bytes(key.bytes[:4], "big") - 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", keys)
        is_free = bool(cursor.fetchone()[0])
        try:
            yield is_free
        finally:
            if is_free:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)
