"""Numbers of items: S-2026-000123, the year registered in and a sequence of the database."""

from datetime import date

from django.db import connection


def take(*, on: date) -> str:
    """Return a number nobody else has. A number taken and not used leaves a gap."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('collateral_item_number')")
        (value,) = cursor.fetchone()
    return f"S-{on.year}-{value:06d}"
