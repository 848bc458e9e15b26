"""Kill the worker in the middle of day-ends, again and again, and compare with a quiet run.

A book is copied. On one copy days are ended by the command, which is killed with SIGKILL at random
moments - the seed makes them the same moments every time - and started again; on the other nobody
disturbs it. Snapshots, movements, entries, histories and accounts must then be the same.
"""

import os
import random
import signal
import sys
import time
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import psycopg2
from django.db import connection

from benchmarks import day_ends, loan_book, measuring, scratch

KILLS = 10
# What both copies must hold: keys, moments and references of attempts left out.
_COMPARED = {
    "snapshots": "SELECT md5(d::text) AS one FROM npa_loanday d",
    "movements": (
        "SELECT md5(concat_ws('|', e.day, m.branch_id, m.currency, m.asset_class, m.opening,"
        " m.additions, m.releases, m.written_off, m.closing)) AS one"
        " FROM npa_provisionmovement m JOIN npa_dayend e ON e.id = m.day_end_id"
    ),
    "entries": (
        "SELECT md5(concat_ws('|', e.event, e.day, e.branch_id, e.currency, e.loan_id, n.number,"
        " n.account, n.debit, n.credit)) AS one"
        " FROM ledger_line n JOIN ledger_entry e ON e.id = n.entry_id"
    ),
    "histories": (
        "SELECT md5(concat_ws('|', loan_id, kind, day, position, amount, parameters, settled,"
        " status)) AS one FROM repayments_accountevent"
    ),
    "accounts": (
        "SELECT md5(concat_ws('|', loan_id, through, moved_on, accrued_on, advances, unbilled,"
        " standing)) AS one FROM repayments_loanaccount"
    ),
    "closings": "SELECT md5(concat_ws('|', entity_id, day)) AS one FROM ledger_closing",
}
Sums = dict[str, tuple[int, str]]


def main() -> None:
    """Run, compare and say how it went; the exit code says whether both are the same."""
    asked = measuring.options(__doc__ or "", loans=100_000, kills=KILLS, seed=8, seeds=1_000)
    with scratch.database() as name:
        found = prove(
            name, loans=asked.loans, kills=asked.kills, seed=asked.seed, seeds=asked.seeds
        )
    print(found, flush=True)
    sys.exit(0 if found.endswith("the same.") else 1)


def prove(name: str, *, loans: int, kills: int, seed: int, seeds: int) -> str:
    """Return in a sentence whether a killed and a quiet run over a new book end the same."""
    book = loan_book.build(loans, seeds=min(seeds, loans))
    day_ends.rules()
    entity = book.entity.code
    connection.close()
    quiet = f"{name}_quiet"
    _sql("postgres", f'CREATE DATABASE "{quiet}" TEMPLATE "{name}"')
    try:
        first = book.day + timedelta(days=1)
        took = day_ends.run(quiet, entity, first).seconds
        killed, last = _disturbed(
            name,
            entity,
            first,
            took=took,
            kills=kills,
            chance=random.Random(seed),  # noqa: S311
        )
        for days in range(1, (last - first).days + 1):
            day_ends.run(quiet, entity, first + timedelta(days=days))
        one, other = _sums(name), _sums(quiet)
    finally:
        _sql("postgres", f'DROP DATABASE "{quiet}" WITH (FORCE)')
    odd = [what for what in one if one[what] != other[what]]
    counts = ", ".join(f"{count:,} {what}" for what, (count, _sum) in one.items())
    verdict = f"differ in {', '.join(odd)}" if odd else "the same"
    return f"Killed {killed} times over {loans:,} loans up to {last}: {counts} - {verdict}."


def _disturbed(
    name: str, entity: str, day: date, *, took: float, kills: int, chance: random.Random
) -> tuple[int, date]:
    """End days, killed so many times at any moment of their work; return how often, and the last.

    The rest of the last day is left alone.
    """
    killed = 0
    while True:
        while killed < kills:
            process = day_ends.start(name, entity, day)
            time.sleep(chance.uniform(0, took))
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            print(f"killed {killed}: {day}, in {_stage(name)}", flush=True)
            _wait_for_the_lock(name)
        day_ends.run(name, entity, day)
        if killed >= kills:
            return killed, day
        day += timedelta(days=1)


def _stage(name: str) -> str:
    rows = _rows(
        name, "SELECT status, progress ->> 'stage' FROM npa_dayend ORDER BY day DESC LIMIT 1"
    )
    return str(rows[0][1] or rows[0][0]) if rows else "nothing yet"


def _wait_for_the_lock(name: str) -> None:
    """Wait until the server has noticed that the worker is gone."""
    held = (
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE l.locktype = 'advisory' AND d.datname = current_database()"
    )
    while _rows(name, held)[0][0]:
        time.sleep(0.05)


def _sums(name: str) -> Sums:
    """Return of each kind how many there are and a sum over all of them, in no order."""
    found: Sums = {}
    for what, rows in _COMPARED.items():
        total = "sum(('x' || substr(one, 1, 15))::bit(60)::bigint::numeric)"
        count, added = _rows(name, f"SELECT count(*), {total} FROM ({rows}) compared")[0]  # noqa: S608
        found[what] = (int(count), str(added))
    return found


def _rows(name: str, sql: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(day_ends.address(name))) as line, line.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _sql(name: str, statement: str) -> None:
    with closing(psycopg2.connect(day_ends.address(name))) as line:
        line.autocommit = True
        with line.cursor() as cursor:
            cursor.execute(statement)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditrisk.settings")
    django.setup()
    main()
