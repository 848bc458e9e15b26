"""A database that test runs copy: the migrations run once for each state of them, not each time.

The copy takes part of a second where the migrations take a minute. A change of any migration or
of a pinned library makes another template, and the old one goes.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import extensions, sql

ROOT = Path(__file__).resolve().parents[1]
_PREFIX = "migrated_"
_BUILDING = "migrated_building"
# One process builds; whoever comes meanwhile waits for it and copies.
_LOCK = 727_404_118


def template(address: str) -> str:
    """Return the name of a database on this server with all tables, made if there is none yet."""
    name = _PREFIX + _state()
    with _maintenance(address) as line, line.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{_PREFIX}"])
        known = {row[0] for row in cursor.fetchall()}
        if name not in known:
            for old in known:
                _drop(line, old)
            _build(line, address)
            _run(line, "ALTER DATABASE {} RENAME TO {}", _BUILDING, name)
    return name


def _state() -> str:
    """Return a hash over all migrations and the pinned libraries, whose own migrations count."""
    found = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for file in sorted(ROOT.glob("apps/*/migrations/*.py")):
        found.update(file.relative_to(ROOT).as_posix().encode())
        found.update(file.read_bytes())
    return found.hexdigest()[:16]


def _build(line: extensions.connection, address: str) -> None:
    _run(line, "CREATE DATABASE {}", _BUILDING)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _named(address, _BUILDING)},
        check=True,
    )


def _drop(line: extensions.connection, name: str) -> None:
    """Remove a template of another state, unless a run is copying it right now."""
    try:
        _run(line, "DROP DATABASE {}", name)
    except psycopg2.errors.ObjectInUse:
        if name == _BUILDING:
            raise


def _run(line: extensions.connection, statement: str, *names: str) -> None:
    with line.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def _maintenance(address: str) -> Iterator[extensions.connection]:
    with closing(psycopg2.connect(_named(address, "postgres"))) as line:
        line.autocommit = True
        yield line


def _named(address: str, database: str) -> str:
    return urlunsplit(urlsplit(address)._replace(path=f"/{database}"))
