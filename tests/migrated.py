"""A database that test runs copy: the migrations run once for each state of them, not each time.

The copy takes part of a second where the migrations take a minute. A change of any migration or
of a pinned library makes another template. Where migrations only came, it is made on the one before
them, which stays for a while: a migration at work changes often.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import extensions, sql

ROOT = Path(__file__).resolve().parents[1]
_PREFIX = "migrated_"
_BUILDING = "migrated_building"
# One process builds; whoever comes meanwhile waits for it and copies.
_LOCK = 727_404_118
# Templates of other states that stay.
_OLD = 10
# Each migration leaves models of its own, hundreds of thousands of objects that stay: looking
# through them for garbage at the usual pace takes a quarter of the time.
_MIGRATE = """
import gc, runpy
gc.set_threshold(200_000, 20, 100)
runpy.run_path("manage.py", run_name="__main__")
"""


def template(address: str) -> str:
    """Return the name of a database on this server with all tables, made if there is none yet."""
    state = _state()
    name = _PREFIX + _digest(json.dumps(state).encode())
    with _maintenance(address) as line, line.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        known = _known(line)
        if name not in known:
            _drop_half_built(line)
            _build(line, address, on=nearest(known, state))
            _run(line, "ALTER DATABASE {} RENAME TO {}", _BUILDING, name)
            note = sql.SQL("COMMENT ON DATABASE {} IS {}")
            cursor.execute(note.format(sql.Identifier(name), sql.Literal(json.dumps(state))))
            for old in list(known)[_OLD:]:
                _drop(line, old)
    return name


def _state() -> dict[str, str]:
    """Return a hash of each migration, and of the pinned libraries with migrations of their own."""
    files = [ROOT / "requirements.txt", *sorted(ROOT.glob("apps/*/migrations/*.py"))]
    return {file.relative_to(ROOT).as_posix(): _digest(file.read_bytes()) for file in files}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _known(line: extensions.connection) -> dict[str, dict[str, str]]:
    """Return the templates that are there, the newest first, and which state each is of."""
    with line.cursor() as cursor:
        cursor.execute(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
            " WHERE datname ~ %s ORDER BY oid DESC",
            [f"^{_PREFIX}"],
        )
        found = dict(cursor.fetchall())
    found.pop(_BUILDING, None)
    return {name: json.loads(state) if state else {} for name, state in found.items()}


def nearest(known: dict[str, dict[str, str]], state: dict[str, str]) -> str:
    """Return the template that lacks the fewest migrations and has none that changed, or none."""
    parts = {name: old for name, old in known.items() if old and old.items() <= state.items()}
    return max(parts, key=lambda name: len(parts[name]), default="template0")


def _build(line: extensions.connection, address: str, *, on: str) -> None:
    try:
        _run(line, "CREATE DATABASE {} TEMPLATE {}", _BUILDING, on)
    except psycopg2.errors.ObjectInUse:
        _run(line, "CREATE DATABASE {} TEMPLATE template0", _BUILDING)
    subprocess.run(
        [sys.executable, "-c", _MIGRATE, "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _named(address, _BUILDING)},
        check=True,
    )


def _drop_half_built(line: extensions.connection) -> None:
    """Remove what a run that was killed left building, with the migrations still at it.

    Only who holds the lock builds, so nobody else's are.
    """
    _run(line, "DROP DATABASE IF EXISTS {} WITH (FORCE)", _BUILDING)


def _drop(line: extensions.connection, name: str) -> None:
    """Remove a template of another state, unless a run is copying it right now."""
    with suppress(psycopg2.errors.ObjectInUse):
        _run(line, "DROP DATABASE {}", name)


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
