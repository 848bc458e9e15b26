"""Rows a second of `import_tape`, beside COPY of the very same rows as the limit.

The limit writes to tables without foreign keys and triggers, checks nothing and encrypts nothing.
"""

import io
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
from django.db import connection

from apps.audit import services as audit
from apps.loans import importing
from apps.loans.management.commands.import_tape import read_mapping
from apps.loans.tests import test_mapping as tapes
from benchmarks import measuring, scratch

ROUNDS = 5
TABLES = (
    "customers_customer",
    "customers_employment",
    "customers_household",
    "customers_obligation",
    "customers_bureaureport",
    "applications_application",
    "loans_loan",
    "loans_outcome",
)


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", rows=10_000)
    with scratch.database():
        # The first tape warms up; its rows are what the limit copies.
        take_in(tape(asked.rows, first=1))
        copies = [_Copy(table) for table in TABLES]
        own, bare = [], []
        for number in range(1, ROUNDS + 1):
            text = tape(asked.rows, first=number * asked.rows + 1)
            own.append(_seconds(partial(take_in, text)))
            bare.append(_seconds(partial(_copy_all, copies)))
            for copy in copies:
                copy.empty()
        rate, limit = asked.rows / median(own), asked.rows / median(bare)
        found = measuring.figure(
            "import_tape",
            rate,
            "rows/s",
            peer=("COPY of the same rows", limit),
            goal="at least 2,000 rows/s",
            n=asked.rows,
        )
        server = scratch.server()
    measuring.report("Importing a tape", [found], on=server, recorded=asked.record)


class _Copy:
    """The rows of a table as text, and an empty table of the same shape to copy them into."""

    def __init__(self, table: str) -> None:
        self._target = f"bare_{table}"
        text = io.StringIO()
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} TO STDOUT", text)
            cursor.execute(f"CREATE TABLE {self._target} (LIKE {table} INCLUDING ALL)")
        self._text = text.getvalue()

    def run(self) -> None:
        """Write the rows."""
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {self._target} FROM STDIN", io.StringIO(self._text))

    def empty(self) -> None:
        """Make room for the next round."""
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {self._target}")


def _copy_all(copies: list[_Copy]) -> None:
    for copy in copies:
        copy.run()


def take_in(text: str) -> None:
    """Import a tape; a line that does not land ends the benchmark."""
    done = importing.import_tape(
        actor=audit.system("benchmark"),
        mapping=read_mapping("lendingclub"),
        lines=io.StringIO(text),
        fingerprint=importing.fingerprint_of(iter([text.encode()])),
        reject=refuse,
        progress=lambda _count: None,
    )
    if done.landed != text.count("\n") - 1:
        raise AssertionError("Not every line landed: the tape was imported before.")


def refuse(refusal: object) -> None:
    """Raise AssertionError: every line of a benchmark's tape is to land."""
    raise AssertionError(refusal)


def tape(rows: int, *, first: int) -> str:
    """Return a tape of the LendingClub shape; the values differ from line to line."""
    chance = np.random.default_rng(first)
    amounts = chance.integers(20, 1400, rows) * 25
    incomes = chance.integers(12_000, 200_000, rows)
    months = chance.integers(1, 13, rows)
    bad = chance.random(rows) < 0.15
    return tapes.tape_text(
        *(
            tapes.line(
                loan_no=str(first + row),
                loan_amnt=str(amounts[row]),
                funded_amnt=str(amounts[row]),
                term="60" if row % 4 == 0 else "36",
                annual_inc=f"{incomes[row]}.0",
                issue_d=f"20{8 + row % 4:02}-{months[row]:02}-01",
                earliest_cr_line=f"19{80 + row % 20}-{months[row]:02}-01",
                loan_status="Charged Off" if bad[row] else "Fully Paid",
                revol_bal=str(amounts[row] // 2),
            )
            for row in range(rows)
        )
    )


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
