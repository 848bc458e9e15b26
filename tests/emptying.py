"""Emptying the database after a test that committed: only the tables that hold anything.

Django truncates every table and writes content types and permissions anew, most of a second with
so many tables. Here the rows go from the few tables that have some; those two stay, for no test
changes them. No trigger and no foreign key is asked on the way: everything goes.
"""

from functools import cache

from django.db import connection
from django.db.backends.utils import CursorWrapper

_KEPT = frozenset({"django_content_type", "auth_permission", "django_migrations"})


@cache
def may_be_quick() -> bool:
    """Say whether the database lets us pass over triggers and foreign keys, as our own does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])


def empty() -> None:
    """Delete the rows of every table but those that say what models there are."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            for table in with_rows(cursor):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 - own names
        finally:
            cursor.execute("SET session_replication_role = origin")


def with_rows(cursor: CursorWrapper) -> list[str]:
    """Return the tables that hold rows, but for those that say what models there are."""
    names = set(connection.introspection.table_names(cursor)) - _KEPT
    asked = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {connection.ops.quote_name(name)})"  # noqa: S608 - own names
        for name in sorted(names)
    )
    cursor.execute(asked)
    return [row[0] for row in cursor.fetchall()]
