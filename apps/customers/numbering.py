"""Customer numbers from a database sequence: never twice, with gaps where a registration failed."""

from django.db import connection


def next_numbers(count: int) -> list[str]:
    """Return `count` new customer numbers, such as C-000123, in order; for bulk imports too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('customers_number') FROM generate_series(1, %s)", [count])
        return [f"C-{number:06d}" for (number,) in cursor.fetchall()]
