"""Kill the worker in the middle of day-ends, again and again, and compare with a quiet run.

A book is copied. On one copy days are ended by the command, which is killed with SIGKILL - in every
stage as often as in any other, at a random moment of it; the seed draws the same moments every time
- and started again; on the other nobody disturbs it. Snapshots, movements, entries, histories and
accounts must then be the same.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import psycopg2
from django.db import connection

from apps.npa.services.ending import CLOSE, STAGES
from benchmarks import day_ends, loan_book, measuring, scratch

KILLS = 10
# How often it is looked which stage the worker is in, and a stage that takes no time at all.
_LOOKS = 0.005
_NO_TIME = 0.01
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
        day_ends.run(quiet, entity, first)
        killed, last = _disturbed(
            name,
            entity,
            first,
            lasts=_lasted(quiet),
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
    name: str,
    entity: str,
    day: date,
    *,
    lasts: dict[str, float],
    kills: int,
    chance: random.Random,
) -> tuple[int, date]:
    """End days, killed once in each stage, until it was so many times; return that and the last.

    Raises AssertionError where stages are over too soon to be killed in.
    `lasts` are the seconds each stage takes undisturbed. The rest of the last day is left alone.
    """
    killed, latest = 0, day + timedelta(days=3 * kills)
    while day <= latest:
        for stage in STAGES[: kills - killed]:
            process = day_ends.start(name, entity, day)
            if not _comes_to(process, name, day, stage):
                # Done before anybody looked: the next day comes to it again.
                print(f"missed: {day}, {stage}", flush=True)
                break
            time.sleep(chance.uniform(0, lasts[stage]))
            seen = _stage(name, day)
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            print(f"killed {killed}: {day}, in {seen or 'no stage'}", flush=True)
            _wait_for_the_lock(name)
        day_ends.run(name, entity, day)
        if killed >= kills:
            return killed, day
        day += timedelta(days=1)
    raise AssertionError(f"Killed only {killed} times: stages are over too soon.")


def _comes_to(process: subprocess.Popen[bytes], name: str, day: date, stage: str) -> bool:
    """Wait until a worker is in a stage or beyond it; say False where it ended before."""
    ahead = STAGES[STAGES.index(stage) :]
    while process.poll() is None:
        if _stage(name, day) in ahead:
            return True
        time.sleep(_LOOKS)
    return False


def _lasted(name: str) -> dict[str, float]:
    """Return how long each stage took in the last day that was ended there."""
    rows = _rows(name, "SELECT stages FROM npa_dayend ORDER BY day DESC LIMIT 1")
    return {one: max(float(rows[0][0][one]["seconds"]), _NO_TIME) for one in STAGES}


def _stage(name: str, day: date) -> str:
    """Return the stage a day-end is in; "" where it has not begun."""
    sql = "SELECT status, progress ->> 'stage' FROM npa_dayend WHERE day = %s"
    rows = _rows(name, sql, [day])
    if not rows:
        return ""
    status, stage = rows[0]
    return str(stage or (CLOSE if status == "finished" else ""))


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


def _rows(name: str, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(day_ends.address(name))) as line, line.cursor() as cursor:
        cursor.execute(sql, values or None)
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
