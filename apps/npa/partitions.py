"""Partitions of the snapshots: one a month, made when its first day ends."""

from datetime import date

from django.db import connection

from apps.core.dates import add_months

# Of the two numbers of the lock that keeps two makers apart ("PART").
_LOCK = 0x50415254


def ensure(day: date) -> str:
    """Make the partition of a day's month where it is not there yet; return its name.

    It is made beside the table and attached then, so that whoever reads the snapshots of other
    months is not held up. Two makers wait for each other. The caller is in a transaction.
    """
    first = day.replace(day=1)
    name = _name(day)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return name
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, name])
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return name
        bounds = [first, add_months(first, 1)]
        cursor.execute(
            f"CREATE TABLE {name} (LIKE npa_loanday INCLUDING DEFAULTS INCLUDING INDEXES)"
        )
        cursor.execute(
            f"ALTER TABLE npa_loanday ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)", bounds
        )
    return name


def refresh_statistics(day: date) -> None:
    """Tell the planner that a day has its rows now.

    Until autovacuum comes by it takes a day of which it never saw a row for one of a single row,
    and looks up, loan by loan, what is joined to a whole book. The caller is in a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {_name(day)} (day, loan_id, entity_id, customer_id)")


def _name(day: date) -> str:
    return f"npa_loanday_{day:%Y_%m}"
