"""The limit that posting a payment by API is measured beside: a bare WSGI function, no rules.

It locks the loan, reads what is due of it, and writes the very rows that our posting of that
payment would write, into the same tables in one transaction. So foreign keys, constraints and
triggers cost both alike; what it spares is everything above the database. Same gunicorn.
"""

import json
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg2

_LOAN = """
    SELECT loan.id, loan.status, loan.currency, branch.code
    FROM loans_loan loan JOIN accounts_branch branch ON branch.id = loan.branch_id
    WHERE loan.id = %s FOR NO KEY UPDATE OF loan
"""
_DUE = """
    SELECT id, due_date, principal - paid_principal, interest - paid_interest, fee - paid_fee
    FROM loans_instalment
    WHERE loan_id = %s AND in_force AND due_date <= %s
        AND (paid_principal < principal OR paid_interest < interest OR paid_fee < fee)
    ORDER BY due_date
"""


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """Post the payment a request names, and answer with its reference and what was due."""
    size = int(environ["CONTENT_LENGTH"])
    asked = json.loads(environ["wsgi.input"].read(size))
    connection = _connection()
    with connection, connection.cursor() as cursor:
        cursor.execute(_LOAN, [asked["loan"]])
        cursor.fetchone()
        cursor.execute(_DUE, [asked["loan"], asked["day"]])
        due = cursor.fetchall()
        for sql, values in _PAYMENTS[asked["external_reference"]]:
            cursor.execute(sql, values)
    body = json.dumps({"reference": asked["external_reference"], "due": due}, default=str).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]


def _connection() -> Any:
    """Return this thread's own connection; a new one for each request would halve the limit."""
    if not hasattr(_local, "connection"):
        _local.connection = psycopg2.connect(os.environ["DATABASE_URL"])
    return _local.connection


_local = threading.local()
# What each payment writes, by its reference: statements and their values.
_PAYMENTS: dict[str, list[tuple[str, list[Any]]]] = json.loads(
    Path(os.environ["BARE_PAYMENTS"]).read_text()
)
