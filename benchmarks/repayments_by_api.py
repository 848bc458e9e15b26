"""Payments posted one by one over the API, beside a bare WSGI function that writes the same rows.

What a payment writes is found by posting it and undoing that; the bare one writes those rows.
"""

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken

from apps.customers.tests import factories as customers
from apps.loans.models import Loan
from apps.repayments import services
from apps.repayments.services import Incoming
from benchmarks import measuring, serving
from benchmarks.measuring import Figure
from benchmarks.serving import Sent, Served, Timing

ROUNDS = 5
# How many requests a round sends, by the number of clients.
EACH = {1: 40, 8: 80}
WARM_UP = 80
NEEDED = ROUNDS * sum(EACH.values()) + len(EACH) * WARM_UP
Statements = list[tuple[str, list[Any]]]
# Rows that a payment adds, in the order they are written, by what finds them.
_ADDED = {
    "ledger_entry": "reference LIKE %(mark)s",
    "ledger_line": "entry_id IN (SELECT id FROM ledger_entry WHERE reference LIKE %(mark)s)",
    "repayments_accountevent": "id = %(event)s",
    "loans_allocation": "entry_id IN (SELECT id FROM ledger_entry WHERE reference LIKE %(mark)s)",
    "audit_event": "id > %(said)s",
}
# Rows that a payment changes: all of a loan that this transaction wrote.
_CHANGED = {
    "loans_instalment": ("id", ("paid_principal", "paid_interest", "paid_fee")),
    "repayments_loanaccount": ("loan_id", ("through", "moved_on", "advances", "unbilled")),
}


def measured(name: str, payments: Sequence[Incoming]) -> list[Figure]:
    """Return how long posting takes by API, alone and with eight clients; twice NEEDED payments.

    `payments` are of different loans of one branch, in the database called `name`.
    """
    loan = Loan.objects.select_related("branch").get(pk=payments[0].loan_id)
    officer = customers.officer(loan.branch)
    token = RefreshToken.for_user(officer).access_token
    ours, others = payments[:NEEDED], payments[NEEDED : 2 * NEEDED]
    written = {one.fact.external_reference: _written(officer, one) for one in others}
    said = {"Content-Type": "application/json"}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        rows = Path(folder) / "payments.json"
        rows.write_text(json.dumps(written))
        environment = serving.variables(name, BARE_PAYMENTS=str(rows))
        own, bare = (
            Served(stack.enter_context(serving.serving(environment, module)), headers)
            for module, headers in (
                ("creditrisk.wsgi", {**said, "Authorization": f"Bearer {token}"}),
                ("bare_repayments", said),
            )
        )
        return _by_turns([(own, _sent(ours)), (bare, _sent(others))])


def _sent(payments: Sequence[Incoming]) -> list[Sent]:
    return [
        Sent(
            "/api/v1/repayments",
            json.dumps(
                {
                    "loan": str(one.loan_id),
                    "day": one.fact.day.isoformat(),
                    "amount": str(one.fact.amount),
                    "channel": one.fact.channel,
                    "external_reference": one.fact.external_reference,
                }
            ).encode(),
        )
        for one in payments
    ]


def _by_turns(servers: Sequence[tuple[Served, list[Sent]]]) -> list[Figure]:
    figures = []
    for clients, each in EACH.items():
        timings = [Timing() for _ in servers]
        for server, sent in servers:
            server.answer([sent.pop() for _ in range(WARM_UP)], clients=clients)
        for _ in range(ROUNDS):
            for (server, sent), timing in zip(servers, timings, strict=True):
                batch = [sent.pop() for _ in range(each)]
                server.answer(batch, clients=clients, timing=timing)
        figures += _figures(clients, *timings)
    return figures


def _figures(clients: int, own: Timing, bare: Timing) -> list[Figure]:
    at, peer, n = f"by API, c={clients}", "bare WSGI", len(own.seconds)
    return [
        measuring.figure(
            f"a payment {at}, p50", own.p50, "ms", peer=(peer, bare.p50), goal="at most 3", n=n
        ),
        measuring.figure(
            f"a payment {at}, p95", own.p95, "ms", peer=(peer, bare.p95), goal="", n=n
        ),
        measuring.figure(
            f"payments {at}",
            median(own.rates),
            "payments/s",
            peer=(peer, median(bare.rates)),
            goal="",
            n=n,
        ),
    ]


def _written(actor: Any, one: Incoming) -> Statements:
    """Return what writes the rows of a payment, which is posted for that and undone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint, max(id) FROM audit_event")
        [began, said] = cursor.fetchone()
        event = services.enter(
            actor=actor,
            loan=Loan(pk=one.loan_id),
            fact=one.fact,
            reference=one.reference,
            now=timezone.now(),
        )
        found = {"mark": f"account:{event.pk}:%", "event": event.pk, "said": said}
        statements = [
            insert
            for table, where in _ADDED.items()
            if (insert := _insert(cursor, table, where, found)) is not None
        ]
        for table, (key, columns) in _CHANGED.items():
            cursor.execute(
                f"SELECT {', '.join(f'{name}::text' for name in (*columns, key))} FROM {table}"  # noqa: S608 - own names
                " WHERE loan_id = %s AND xmin::text::bigint >= %s",
                [one.loan_id, began],
            )
            sets = ", ".join(f"{name} = %s" for name in columns)
            sql = f"UPDATE {table} SET {sets} WHERE {key} = %s"  # noqa: S608 - own names
            statements += [(sql, list(row)) for row in cursor.fetchall()]
        transaction.set_rollback(True)
    return statements


def _insert(
    cursor: Any, table: str, where: str, values: dict[str, Any]
) -> tuple[str, list[Any]] | None:
    """Return one INSERT of the rows that are found; None where there are none."""
    cursor.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 - own names
    names = [f'"{column.name}"' for column in cursor.description]
    texts = ", ".join(f"{name}::text" for name in names)
    cursor.execute(f"SELECT {texts} FROM {table} WHERE {where} ORDER BY 1", values)  # noqa: S608 - own names
    rows = cursor.fetchall()
    if not rows:
        return None
    row = f"({', '.join(['%s'] * len(names))})"
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([row] * len(rows))}"  # noqa: S608 - own names
    return sql, [value for one in rows for value in one]
