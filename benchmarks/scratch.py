"""A migrated database for one benchmark, made anew and dropped afterwards."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection


@contextmanager
def database() -> Iterator[str]:
    """Return the name of an empty database with roles, products and policy; Django is in it."""
    before = connection.settings_dict["NAME"]
    # One for each process, so that two benchmarks at once do not take it from each other.
    connection.settings_dict["TEST"]["NAME"] = f"test_{before}_{os.getpid()}"
    # Nobody puts its first rows back.
    connection.settings_dict["TEST"]["SERIALIZE"] = False
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        for command in ("sync_roles", "load_products", "load_policy"):
            call_command(command, stdout=io.StringIO())
        yield name
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def server() -> str:
    """Return what serves the database: "PostgreSQL 18.1"."""
    number = connection.cursor().connection.server_version
    return f"PostgreSQL {number // 10_000}.{number % 10_000}"
