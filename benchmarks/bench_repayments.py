"""Payments a second posted and allocated, singly and in bulk, beside the bare database.

Each payment is of an instalment that falls due: interest earned, payment, what it went to, what is
paid of the instalment, how the account stands, the audit trail. The limits write the same rows of
history, ledger and allocation with psycopg2 into tables with the same columns and indexes, but
without checks, triggers and foreign keys.
"""

import io
import os
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.db import connection, transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.ledger import proofs as ledger_proofs
from apps.loans.models import Instalment, Loan
from apps.loans.services import taking_on
from apps.repayments import services
from apps.repayments.facts import Receipt
from apps.repayments.models import AccountEvent
from apps.repayments.services import Incoming
from benchmarks import bench_import, measuring, repayments_by_api, scratch

SINGLY = 200
ROUNDS = 5
CLERK = audit.system("benchmark")
# What writes one payment, as (SQL, values).
Statements = list[tuple[str, list[object]]]
# The tables a payment adds rows to, by what its rows are found again.
_ADDED = {
    "repayments_accountevent": "id IN (SELECT id FROM paid)",
    "ledger_entry": "reference LIKE ANY (SELECT 'account:' || id || ':%%' FROM paid)",
    "ledger_line": (
        "entry_id IN (SELECT e.id FROM ledger_entry e WHERE e.reference LIKE ANY"
        " (SELECT 'account:' || id || ':%%' FROM paid))"
    ),
    "loans_allocation": (
        "entry_id IN (SELECT e.id FROM ledger_entry e WHERE e.reference LIKE ANY"
        " (SELECT 'account:' || id || ':%%' FROM paid))"
    ),
}


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", loans=2_000)
    with scratch.database() as name:
        loans = _lend(asked.loans)
        many = _in_bulk(loans)
        single = _singly(loans, name)
        waiting = _due(loans[SINGLY : SINGLY + 2 * repayments_by_api.NEEDED], ROUNDS + 1)
        by_api = repayments_by_api.measured(name, waiting)
        _prove()
        server = scratch.server()
    figures = [
        measuring.figure(
            "payments in bulk",
            many[0],
            "payments/s",
            peer=("COPY", many[1]),
            goal="at least 300 payments/s",
            n=asked.loans * ROUNDS,
        ),
        measuring.figure(
            "payments one at a time",
            single[0],
            "payments/s",
            peer=("psycopg2 INSERT", single[1]),
            goal="at least 0.33 of the limit",
            n=SINGLY * ROUNDS,
        ),
        *by_api,
    ]
    measuring.report("Payments", figures, on=server, recorded=asked.record)


def _lend(count: int) -> list[uuid.UUID]:
    """Return so many loans of a tape, taken on the books."""
    bench_import.take_in(bench_import.tape(count, first=1))
    taking_on.take_on(actor=CLERK, loans=Loan.objects.all(), now=timezone.now())
    return list(
        Loan.objects.filter(status="active").order_by("number").values_list("pk", flat=True)
    )


def _due(loans: Sequence[uuid.UUID], number: int) -> list[Incoming]:
    """Return the payments of one instalment of each loan, on its day."""
    rows = Instalment.objects.filter(loan__in=loans, number=number, in_force=True)
    return [
        Incoming(row.loan_id, _receipt(row.due_date, row.due, told), told)
        for row in rows
        for told in [f"P-{number}-{row.loan_id}"]
    ]


def _receipt(day: date, amount: Decimal, reference: str) -> Receipt:
    return Receipt(day=day, amount=amount, channel="bank_transfer", external_reference=reference)


def _in_bulk(loans: Sequence[uuid.UUID]) -> tuple[float, float]:
    """Return payments a second posted in bulk, and COPY of the same rows; the median of rounds."""
    own, bare = [], []
    for number in range(1, ROUNDS + 1):
        payments = _due(loans, number)
        began = time.perf_counter()
        answers = services.enter_many(actor=CLERK, receipts=payments, now=timezone.now())
        own.append(len(payments) / (time.perf_counter() - began))
        refused = [one for one in answers if not one.is_new]
        if refused:
            raise AssertionError(f"{len(refused)} payments were refused: {refused[0].refusal}")
        texts = _texts(f"P-{number}-%")
        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            for table, text in texts.items():
                cursor.copy_expert(f"COPY bare_{table} FROM STDIN", io.StringIO(text))
        bare.append(len(payments) / (time.perf_counter() - began))
    return sorted(own)[ROUNDS // 2], sorted(bare)[ROUNDS // 2]


def _texts(reference: str) -> dict[str, str]:
    """Return the rows that payments added to each table as COPY writes them, into empty copies."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS paid")
        cursor.execute(
            "CREATE TEMP TABLE paid AS SELECT id FROM repayments_accountevent"
            " WHERE reference LIKE %s",
            [reference],
        )
        for table, rows in _ADDED.items():
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING INDEXES)")
            text = io.StringIO()
            where = rows.replace("%%", "%")
            cursor.copy_expert(
                f"COPY (SELECT * FROM {table} WHERE {where}) TO STDOUT",  # noqa: S608 - own names
                text,
            )
            found[table] = text.getvalue()
    return found


def _singly(loans: Sequence[uuid.UUID], name: str) -> tuple[float, float]:
    """Return payments a second, each in its own transaction: ours, and bare inserts."""
    own, bare = [], []
    parts = urlsplit(os.environ["DATABASE_URL"])
    with closing(psycopg2.connect(urlunsplit(parts._replace(path=f"/{name}")))) as link:
        for number in range(ROUNDS + 1, 2 * ROUNDS + 1):
            payments = _due(loans[:SINGLY], number)
            own.append(len(payments) / _seconds(lambda: _enter_each(payments)))  # noqa: B023
            rows = _by_payment(f"P-{number}-%")
            bare.append(len(rows) / _seconds(lambda: _insert_each(link, rows)))  # noqa: B023
    return sorted(own)[ROUNDS // 2], sorted(bare)[ROUNDS // 2]


def _enter_each(payments: Sequence[Incoming]) -> None:
    for one in payments:
        services.enter(
            actor=CLERK,
            loan=Loan(pk=one.loan_id),
            fact=one.fact,
            reference=one.reference,
            now=timezone.now(),
        )


def _insert_each(link: Any, rows: Sequence[Statements]) -> None:
    for statements in rows:
        with link, link.cursor() as cursor:
            for sql, values in statements:
                cursor.execute(sql, values)


def _seconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _by_payment(reference: str) -> list[Statements]:
    """Return the inserts that write again what each payment added, into empty copies."""
    _texts(reference)
    found = []
    for event in _events(reference):
        statements: Statements = []
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE paid")
            cursor.execute("INSERT INTO paid VALUES (%s)", [event])
            for table, rows in _ADDED.items():
                cursor.execute(
                    f"SELECT to_jsonb(t)::text FROM {table} t WHERE {rows}",  # noqa: S608 - own names
                    [],
                )
                texts = [text for (text,) in cursor.fetchall()]
                sql = (
                    f"INSERT INTO bare_{table} SELECT r.* FROM unnest(%s::jsonb[]) AS j,"  # noqa: S608 - own names
                    f" jsonb_populate_record(NULL::bare_{table}, j) AS r"
                )
                statements.append((sql, [texts]))
        found.append(statements)
    return found


def _events(reference: str) -> list[uuid.UUID]:
    rows = AccountEvent.objects.extra(where=["reference LIKE %s"], params=[reference])
    return list(rows.values_list("pk", flat=True))


def _prove() -> None:
    """Raise AssertionError where anything that is proved does not hold."""
    for one in ledger_proofs.all_checks():
        found = one.check()
        if found is not None:
            raise AssertionError(f"{one.code}: {found}")


if __name__ == "__main__":
    main()
