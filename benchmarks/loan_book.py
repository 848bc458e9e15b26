"""A loan book of any size for benchmarks: a few hundred loans by our services, then copies by SQL.

Every seed loan is lent, repaid or not, and accrued by the very services that are measured, so its
history, journal and account agree; a copy is its rows with other keys. Copies are written without
triggers and foreign keys, and indexes are built afterwards: a million loans, 36 million instalments
take some minutes. What is encrypted in a copy cannot be read.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core import bulk
from apps.customers.models import Customer
from apps.ledger.models import Entry, Line
from apps.loans import importing, mapping
from apps.loans.models import Allocation, Instalment, Loan, ScheduleVersion
from apps.loans.services import taking_on
from apps.loans.tests import test_mapping as tapes
from apps.repayments import services
from apps.repayments.facts import Receipt
from apps.repayments.models import AccountEvent, LoanAccount
from apps.repayments.services import Incoming
from benchmarks import bench_import

SEEDS = 1_000
DAY = date(2026, 9, 15)
TERM = 36
CLERK = audit.system("benchmark")
_MAPPING = Path("fixtures/mappings/lendingclub.json")
# In the order in which rows refer to each other.
_TABLES = (
    *("customers_customer", "applications_application", "loans_loan", "loans_scheduleversion"),
    *("loans_instalment", "ledger_entry", "ledger_line", "repayments_accountevent"),
    *("loans_allocation", "repayments_loanaccount", "repayments_chargeallocation"),
    *("repayments_earningperiod", "repayments_lateloan", "repayments_lateinstalment"),
)
# Keys of what is copied along; every other key stays.
_KEYS = (
    *("id", "customer_id", "application_id", "loan_id", "schedule_id", "instalment_id"),
    *("charge_id", "late_loan_id"),
)
_NUMBERS = ("id", "entry_id", "reverses_id")
_NAMES = ("number", "reference", "source_reference")


@dataclass(frozen=True)
class Book:
    """Loans of one lender, whose accounts were brought to the end of a day."""

    entity: Entity
    day: date
    loans: int
    instalments: int


def build(
    loans: int,
    *,
    day: date = DAY,
    seeds: int = SEEDS,
    told: Callable[[str], AbstractContextManager[Any]] = nullcontext,
) -> Book:
    """Return a book of so many loans that was accrued up to a day, in an empty database.

    Of twenty loans sixteen are paid up, two are one instalment behind, one never paid in five
    months and one hardly in nine. Due dates lie on all days of a month; every fifth borrower has
    two loans. The lender is the Indian one. `told` is given what is done, and surrounds it.
    """
    count = min(seeds, loans)
    if loans % count:
        raise ValueError(f"A book of {loans} loans is no multiple of its {count} seeds.")
    with told(f"{count:,} seeds lent, repaid and accrued"):
        entity = _seeds(count, day)
    copies = loans // count - 1
    if copies:
        stride = _last_number("ledger_entry")
        for table in _TABLES:
            with told(f"{table} copied"):
                _copy(table, copies, stride)
    bulk.refresh_statistics(
        *(Customer, Loan, ScheduleVersion, Instalment, Entry, Line),
        *(Allocation, AccountEvent, LoanAccount),
    )
    return Book(entity=entity, day=day, loans=loans, instalments=loans * TERM)


# --- seeds --------------------------------------------------------------------------------------
def _seeds(count: int, day: date) -> Entity:
    """Let so many loans be lent, repaid or not, and accrued by services; return their lender."""
    _take_in([_paid_out(place, day) for place in range(count)])
    _share_borrowers()
    taking_on.take_on(actor=CLERK, loans=Loan.objects.all(), now=at(day, 8))
    _pay(day)
    entity = Entity.objects.get(branches__code="pune")
    for one in (day - timedelta(days=1), day):
        # The second day finds what the first one kept of each loan.
        services.accrue_day(actor=CLERK, entity=entity, day=one, now=at(one, 16))
    return entity


def _paid_out(place: int, day: date) -> date:
    """Return the day a seed was paid out: young loans, and some that are old enough to be bad."""
    before = {18: 150, 19: 270}.get(place % 20, 20 + place % 90)
    return day - timedelta(days=before + place % 30)


def _take_in(days: Sequence[date]) -> None:
    """Import a tape of loans in rupees, each paid out on its day."""
    text = _MAPPING.read_text().replace("2011-12-31", "2099-12-31")
    document: dict[str, Any] = json.loads(text)
    document |= {"branch": "pune", "country": "IN", "currency": "INR", "source": "loan-book"}
    document["product"]["values"] = {str(TERM): "in-personal"}
    lines = (
        tapes.line(
            loan_no=str(place + 1),
            loan_amnt=str(50_000 + 250 * (place % 400)),
            funded_amnt=str(50_000 + 250 * (place % 400)),
            term=str(TERM),
            issue_d=day.isoformat(),
            earliest_cr_line="1995-01-01",
            loan_status="Fully Paid",
        )
        for place, day in enumerate(days)
    )
    source = tapes.tape_text(*lines)
    importing.import_tape(
        actor=CLERK,
        mapping=mapping.parse(document),
        lines=iter(source.splitlines(keepends=True)),
        fingerprint=importing.fingerprint_of(iter([source.encode()])),
        reject=bench_import.refuse,
        progress=lambda _count: None,
    )


def _share_borrowers() -> None:
    """Let every fifth borrower have two loans, before anything is posted for them."""
    keys = list(Loan.objects.order_by("number").values_list("pk", "customer_id"))
    for (_first, borrower), (second, _other) in zip(keys[::10], keys[1::10], strict=False):
        Loan.objects.filter(pk=second).update(customer_id=borrower)


def _pay(day: date) -> None:
    """Pay what was paid by a day, an instalment on each due date."""
    found = []
    for place, loan in enumerate(Loan.objects.order_by("number")):
        rows = list(Instalment.objects.filter(loan=loan, due_date__lte=day).order_by("number"))
        behind = {16: 1, 17: 1, 18: len(rows), 19: max(len(rows) - 1, 0)}.get(place % 20, 0)
        found += [
            Incoming(loan.pk, _receipt(row), f"P-{row.number}-{loan.pk}")
            for row in rows[: len(rows) - behind]
        ]
    answers = services.enter_many(actor=CLERK, receipts=found, now=at(day, 1))
    for one in answers:
        if not one.is_new:
            raise AssertionError(f"A payment was refused: {one.refusal}")


def _receipt(row: Instalment) -> Receipt:
    return Receipt(
        day=row.due_date, amount=row.due, channel="bank_transfer", external_reference="UTR"
    )


def at(day: date, hour: int) -> datetime:
    """Return a moment of a day on which work is done."""
    return datetime.combine(day, time(hour), tzinfo=UTC)


# --- copies -------------------------------------------------------------------------------------
def _copy(table: str, copies: int, entries: int) -> None:
    """Write so many copies of all rows of a table; `entries` is the number of the last entry."""
    columns = _columns(table)
    own = _last_number(table) if columns.get("id") == "bigint" else 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        values = ", ".join(
            _value(name, kind, own if name == "id" else entries) for name, kind in columns.items()
        )
        names = ", ".join(f'"{name}"' for name in columns)
        with _without_indexes(cursor, table):
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {values}"  # noqa: S608 - own names
                f" FROM generate_series(1, %s) AS n CROSS JOIN (SELECT * FROM {table}) AS seed",
                [copies],
            )
        if columns.get("id") == "bigint":
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608
            )


def _columns(table: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = %s AND table_schema = current_schema()"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        return dict(cursor.fetchall())


def _value(name: str, kind: str, stride: int) -> str:
    column = f'seed."{name}"'
    if kind == "uuid" and name in _KEYS:
        return f"md5({column}::text || n)::uuid"
    if kind == "bigint" and name in _NUMBERS:
        return f"{column} + n * {stride}::bigint"
    if kind == "character varying" and name in _NAMES:
        return f"CASE WHEN {column} = '' THEN '' ELSE {column} || '-' || n END"
    if name == "facts":
        # An entry names what it is for; so does its copy.
        key = f"{column} ->> 'event'"
        return (
            f"CASE WHEN {column} ? 'event' THEN replace({column}::text, {key},"
            f" md5({key} || n)::uuid::text)::jsonb ELSE {column} END"
        )
    return column


def _last_number(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(max(id), 0) FROM {table}")  # noqa: S608 - own names
        return int(cursor.fetchone()[0])


@contextmanager
def _without_indexes(cursor: Any, table: str) -> Iterator[None]:
    """Fill a table without its indexes, and build them afterwards: minutes instead of hours."""
    cursor.execute(
        "UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = %s::regclass",
        [table],
    )
    yield
    cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
    cursor.execute(f"REINDEX TABLE {table}")
