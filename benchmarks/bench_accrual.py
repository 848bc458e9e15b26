"""Seconds to accrue a day of a whole book, beside one full scan of its instalments.

Interest of every loan, instalments that fall due, charges for being late: entries of two lines,
history, and how accounts stand. `--loans 1000000` takes some ten minutes, most for the book.
"""

import resource
import time
from datetime import timedelta
from statistics import median

from django.db import connection

from apps.ledger import proofs
from apps.ledger.models import Entry, Line
from apps.repayments import services
from benchmarks import loan_book, measuring, scratch
from benchmarks.loan_book import Book

DAYS = 3
SIZES = (10_000, 100_000)
# The whole day's end of a million loans may take so many scans; accrual is most of it.
GOAL = "at most 15 scans, with all else of a day's end"


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", loans=0)
    figures = []
    for loans in [asked.loans] if asked.loans else SIZES:
        with scratch.database():
            figures += _measured(loans)
            server = scratch.server()
    measuring.report(
        "Accruing a day", figures, on=server, recorded=asked.record, command="make bench-accrual"
    )


def _measured(loans: int) -> list[measuring.Figure]:
    began = time.perf_counter()
    book = loan_book.build(loans)
    print(f"# {loans} loans in {time.perf_counter() - began:.0f} s", flush=True)
    own, scans, posted = [], [], []
    for number in range(1, DAYS + 1):
        before = _counted()
        own.append(_accrue(book, number))
        posted.append(_counted() - before)
        scans.append(_scan())
        print(f"# {own[-1]:.1f} s, {posted[-1]} entries; scan {scans[-1]:.2f} s", flush=True)
    if loans <= SIZES[-1]:
        _prove()
    taken, scan = median(own), median(scans)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        measuring.figure(
            f"accrue a day, {loans:,} loans",
            taken,
            "s",
            peer=("full scan of the instalments", scan),
            goal=GOAL,
            n=posted[-1],
        ),
        measuring.figure(
            f"peak memory, {loans:,} loans",
            memory,
            "MB",
            peer=("a worker's", 300),
            goal="under 300 MB",
            n=1,
        ),
    ]


def _accrue(book: Book, number: int) -> float:
    day = book.day + timedelta(days=number)
    began = time.perf_counter()
    run = services.accrue_day(
        actor=loan_book.CLERK, entity=book.entity, day=day, now=loan_book.at(day, 16)
    )
    taken = time.perf_counter() - began
    if run.loans != book.loans or run.problems:
        raise AssertionError(f"{run.loans} of {book.loans} loans were accrued: {run.problems[:3]}")
    return taken


def _scan() -> float:
    """Return the seconds of one pass over all instalments, what is due and paid of each summed."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(principal + interest + fee - paid_principal - paid_interest - paid_fee)"
            " FROM loans_instalment"
        )
    return time.perf_counter() - began


def _counted() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM ledger_entry_id_seq")
        return int(cursor.fetchone()[0])


def _prove() -> None:
    """Raise AssertionError where anything that is proved does not hold."""
    with connection.cursor() as cursor:
        for model in (Entry, Line):
            cursor.execute(f"ANALYZE {model._meta.db_table}")
    for one in proofs.all_checks():
        found = one.check()
        if found is not None:
            raise AssertionError(f"{one.code}: {found}")


if __name__ == "__main__":
    main()
