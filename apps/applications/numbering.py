"""Application numbers: A-2026-000123, the year asked in and a sequence of the database."""

from datetime import date

from django.db import connection

SEQUENCE = "applications_application_number"


def take(count: int, *, on: date) -> list[str]:
    """Return `count` numbers nobody else has. A number taken and not used leaves a gap."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval('{SEQUENCE}') FROM generate_series(1, %s)", [count])  # noqa: S608 - our own constant
        return [f"A-{on.year}-{value:06d}" for (value,) in cursor.fetchall()]
