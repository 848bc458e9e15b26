"""Entries a second posted singly and in bulk, and the proof of a book, beside the bare database.

The limits write the same rows with psycopg2 into tables with the same columns and indexes, but
without checks, triggers and foreign keys; the proof stands beside one sum over all lines.
"""

import io
import itertools
import os
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Branch
from apps.audit import services as audit
from apps.core import bulk
from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event
from apps.ledger.lines import credit, debit
from apps.ledger.models import Entry, Line
from apps.ledger.posting import Posting
from apps.loans.models import Loan
from apps.loans.services import taking_on
from benchmarks import bench_import, measuring, scratch

ROUNDS = 5
SINGLY = 300
AT_ONCE = 20_000
TAPE = 10_000
ACCRUALS = 4
CLERK = audit.system("benchmark")
_TABLES = ("ledger_entry", "ledger_line")
_ENTRY = """
    INSERT INTO bare_ledger_entry (id, event, day, posted_at, reference, branch_id, currency,
        loan_id, actor, facts)
    VALUES (%s, 'interest_accrual', %s, now(), %s, %s, 'USD', %s, 'system:benchmark', '{}')
"""
_LINE = """
    INSERT INTO bare_ledger_line (entry_id, number, account, debit, credit, day, branch_id,
        currency, loan_id)
    VALUES (%s, 1, 'interest_receivable', 1.25, 0, %s, %s, 'USD', %s),
        (%s, 2, 'interest_income', 0, 1.25, %s, %s, 'USD', %s)
"""


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", loans=100_000)
    with scratch.database() as name:
        began = time.perf_counter()
        _lend(asked.loans)
        branch = Branch.objects.select_related("entity").filter(loan__isnull=False).first()
        if branch is None:
            raise AssertionError("No loan was taken on.")
        print(f"# {asked.loans} loans on the books in {time.perf_counter() - began:.0f} s")
        single = _one_at_a_time(branch, name)
        many = _many_at_once(branch)
        _accrue(branch, asked.loans)
        bulk.refresh_statistics(Entry, Line)
        proof, scan = _proved()
        lines = Line.objects.count()
        server = scratch.server()
    figures = [
        measuring.figure(
            "post, one at a time",
            single[0],
            "entries/s",
            peer=("psycopg2 INSERT", single[1]),
            goal="at least 0.33 of the limit",
            n=SINGLY * ROUNDS,
        ),
        measuring.figure(
            "post_many",
            many[0],
            "entries/s",
            peer=("COPY", many[1]),
            goal="at least 300 entries/s",
            n=AT_ONCE * ROUNDS,
        ),
        measuring.figure(
            f"prove_ledger, {asked.loans:,} loans",
            proof,
            "s",
            peer=("one SUM over all lines", scan),
            goal="under 30 s",
            n=lines,
        ),
    ]
    measuring.report("The ledger", figures, on=server, recorded=asked.record)


def _lend(count: int) -> None:
    """Import tapes of so many loans and take them on the books, each paid out by an entry."""
    for first in range(1, count + 1, TAPE):
        bench_import.take_in(bench_import.tape(min(TAPE, count + 1 - first), first=first))
    done = taking_on.take_on(actor=CLERK, loans=Loan.objects.all(), now=timezone.now())
    if done.loans != count:
        raise AssertionError(f"{count - done.loans} loans did not go on the books.")


def _posting(branch: Branch, loan: uuid.UUID, day: date, reference: str) -> Posting:
    amount = Decimal("1.25")
    return Posting(
        event=Event.INTEREST_ACCRUAL,
        day=day,
        lines=(
            debit(Account.INTEREST_RECEIVABLE, amount),
            credit(Account.INTEREST_INCOME, amount),
        ),
        reference=reference,
        branch_id=branch.pk,
        currency="USD",
        loan_id=loan,
    )


def _post(one: Posting, branch: Branch) -> None:
    ledger.post(
        actor=CLERK,
        event=one.event,
        day=one.day,
        lines=one.lines,
        branch=branch,
        currency=one.currency,
        reference=one.reference,
        now=timezone.now(),
        loan_id=one.loan_id,
    )


def _one_at_a_time(branch: Branch, name: str) -> tuple[float, float]:
    """Return entries a second, each in its own transaction: ours, and bare inserts."""
    loans, day = _loans(SINGLY), date(2020, 1, 1)
    _bare_tables(with_rows=True)
    parts = urlsplit(os.environ["DATABASE_URL"])
    names = (f"{n}" for n in itertools.count())
    with closing(psycopg2.connect(urlunsplit(parts._replace(path=f"/{name}")))) as link:

        def own() -> None:
            for loan in loans:
                _post(_posting(branch, loan, day, f"single-{next(names)}"), branch)

        def bare() -> None:
            for loan in loans:
                number = int(next(names)) + 1_000_000_000
                where = (day, str(branch.pk), str(loan))
                with link, link.cursor() as cursor:
                    cursor.execute(_ENTRY, (number, day, f"bare-{number}", *where[1:]))
                    cursor.execute(_LINE, (number, *where, number, *where))

        seconds = _by_turns(own, bare)
    return SINGLY / seconds[0], SINGLY / seconds[1]


def _many_at_once(branch: Branch) -> tuple[float, float]:
    """Return entries a second, many in one transaction: ours, and COPY of the same rows."""
    loans = list(itertools.islice(itertools.cycle(_loans(AT_ONCE)), AT_ONCE))
    days = (date(2020, 2, 1) + timedelta(days=n) for n in itertools.count())

    def own() -> None:
        day = next(days)
        _post_all([_posting(branch, one, day, f"{day}-{n}") for n, one in enumerate(loans)])

    own()
    texts = {table: _text(table) for table in _TABLES}

    def bare() -> None:
        # Whoever copies again empties first, unmeasured; see below.
        with transaction.atomic(), connection.cursor() as cursor:
            for table, text in texts.items():
                cursor.copy_expert(f"COPY bare_{table} FROM STDIN", io.StringIO(text))

    seconds = _by_turns(own, bare, before=lambda: _bare_tables(with_rows=False))
    return AT_ONCE / seconds[0], AT_ONCE / seconds[1]


def _post_all(postings: Sequence[Posting]) -> None:
    ledger.post_many(actor=CLERK, postings=postings, now=timezone.now())


def _accrue(branch: Branch, count: int) -> None:
    """Post some days of interest to every loan."""
    loans = _loans(count)
    for number in range(ACCRUALS):
        day = date(2021, 1, 1) + timedelta(days=number)
        for start in range(0, count, AT_ONCE):
            part = loans[start : start + AT_ONCE]
            _post_all(
                [
                    _posting(branch, one, day, f"accrual-{day}-{start + n}")
                    for n, one in enumerate(part)
                ]
            )


def _proved() -> tuple[float, float]:
    """Return the seconds of a proof, and of one sum over all lines."""

    def prove() -> None:
        run = ledger.prove(actor=CLERK, now=timezone.now())
        if not run.holds:
            raise AssertionError(f"The ledger is not proved: {run.results}")

    def scan() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(debit), sum(credit) FROM ledger_line")

    proof, bare = _by_turns(prove, scan)
    return proof, bare


def _loans(count: int) -> list[uuid.UUID]:
    return list(Loan.objects.order_by("number").values_list("pk", flat=True)[:count])


def _bare_tables(*, with_rows: bool) -> None:
    """Make tables like the ledger's with the same indexes, and nothing else that takes time."""
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING INDEXES)")
            if with_rows:
                cursor.execute(f"INSERT INTO bare_{table} SELECT * FROM {table}")  # noqa: S608 - own names


def _text(table: str) -> str:
    """Return the rows of the last bulk as COPY writes them."""
    text = io.StringIO()
    day = "(SELECT max(day) FROM ledger_entry WHERE reference LIKE '2020-02-%')"
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY (SELECT * FROM {table} WHERE day = {day}) TO STDOUT",  # noqa: S608 - own names
            text,
        )
    return text.getvalue()


def _by_turns(
    *calls: Callable[[], object], before: Callable[[], object] = lambda: None
) -> list[float]:
    """Return the median seconds of each call; the first round warms up."""
    found: list[list[float]] = [[] for _ in calls]
    for number, (place, call) in itertools.product(range(ROUNDS + 1), enumerate(calls)):
        before()
        began = time.perf_counter()
        call()
        if number:
            found[place].append(time.perf_counter() - began)
    return [median(seconds) for seconds in found]


if __name__ == "__main__":
    main()
