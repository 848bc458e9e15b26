"""Measuring the expected credit loss of a book at the end of a day, beside the bare limits.

Loans and instalments are copies of a few hundred that were lent by services; a day of all is ended.
The limit is what no measurement does without: the snapshots out by COPY, the arithmetic of the same
loans on arrays that are there already, and the same rows into a like table by COPY. Memory is that
of the command's process at its highest, beside the same command where all is measured already. A
larger book with `--loans 1000000`.
"""

import io
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.contrib.auth.models import Group
from django.db import connection

from apps.accounts.models import Branch, Entity, User
from apps.impairment import bulk, cells, hazards, parameters, recoveries, services, stored
from apps.impairment.bulk import Batch
from apps.impairment.models import Estimate, LoanLoss, Run
from apps.impairment.reckoning import Ground
from apps.impairment.services import Asked
from apps.npa import services as nights
from benchmarks import day_ends, loan_book, measuring, scratch

_LOANS = 20_000
SEEDS = 200
# Losses are measured at the last day of a month.
_EVE = date(2026, 9, 29)


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", loans=_LOANS)
    with scratch.database() as name:
        figures = _measured(name, asked.loans)
        server = scratch.server()
    measuring.report(
        "Expected credit loss",
        figures,
        on=server,
        recorded=asked.record,
        command="make bench-ecl ARGS='--loans 1000000'",
    )


def _measured(name: str, loans: int) -> list[measuring.Figure]:
    book = loan_book.build(loans, day=_EVE, seeds=min(SEEDS, loans))
    day_ends.rules()
    day = book.day + timedelta(days=1)
    moment = loan_book.at(day + timedelta(days=1), 16)
    nights.end_day(actor=loan_book.CLERK, entity=book.entity, day=day, now=moment)
    _decided(book.entity, day, moment)
    own = _seconds(
        lambda: services.measure(actor=loan_book.CLERK, entity=book.entity, day=day, now=moment)
    )
    run = Run.objects.get()
    if run.loans < loans // 2:
        raise AssertionError(f"{run.loans} loans were measured.")
    limit = _limit(run, day)
    words = ("measure_ecl", "--entity", book.entity.code, "--date", day.isoformat())
    idle, busy = day_ends.weighed(name, *words), day_ends.weighed(name, *words, "--again")
    if Run.objects.get().run != run.run + 1:
        raise AssertionError("It was not measured once more.")
    return [
        measuring.figure(
            "measuring a book", own, "s", peer=("COPY, arrays, COPY", limit), goal="", n=run.loans
        ),
        measuring.figure(
            "its memory",
            busy.memory,
            "MB",
            peer=("with nothing to do", idle.memory),
            goal="",
            n=run.loans,
        ),
    ]


def _decided(entity: Entity, day: date, moment: datetime) -> None:
    """Have two people decide the parameters, and estimates as they are without any history."""
    analyst, manager = (_person(entity, role) for role in ("risk_analyst", "credit_manager"))
    one = services.propose_parameters(
        actor=analyst,
        entity=entity,
        asked=Asked(
            effective_from=day, body=services.starting_point(), reason="For the benchmark."
        ),
        now=moment,
    )
    services.approve_parameters(actor=manager, one=one, now=moment)
    terms = parameters.read(one.body)
    structure = hazards.estimate([], bands=cells.bands(terms.bands), rules=terms.hazards)
    body = stored.written(structure, recoveries.estimate([], terms))
    Estimate.objects.create(
        entity=entity,
        version=1,
        as_of=day,
        parameters=one,
        body=body,
        sha256=stored.sha256(body),
        months=0,
        loan_months=0,
        defaults=0,
        cases=0,
        made_at=moment,
        made_by=loan_book.CLERK,
    )


def _limit(run: Run, day: date) -> float:
    """Return the seconds of reading, computing and writing alone."""
    structure, given = stored.read(run.estimate.body)
    terms = parameters.read(run.parameters.body)
    ground = Ground(day=day, parameters=terms, structure=structure, given=given)
    curves, batch = ground.curves(), _arrays(run)
    rows = io.StringIO()
    with connection.cursor() as cursor:
        source = f"SELECT * FROM impairment_loanloss WHERE run_id = {run.pk}"  # noqa: S608 - a key
        cursor.copy_expert(f"COPY ({source}) TO STDOUT", rows)
        cursor.execute("CREATE TEMPORARY TABLE like_it (LIKE impairment_loanloss INCLUDING ALL)")
    rows.seek(0)

    def out() -> None:
        with connection.cursor() as cursor:
            of_day = f"SELECT * FROM npa_loanday WHERE day = '{day}'"  # noqa: S608 - a date
            cursor.copy_expert(f"COPY ({of_day}) TO STDOUT", io.StringIO())

    def back() -> None:
        with connection.cursor() as cursor:
            cursor.copy_expert("COPY like_it FROM STDIN", rows)

    whole = _seconds(lambda: bulk.measure(batch, curves, terms.scenarios))
    return _seconds(out) + whole + _seconds(back)


def _arrays(run: Run) -> Batch:
    names = (
        *("ead", "annual_rate", "effective_rate", "is_bullet", "lgd"),
        *("months_left", "band", "age"),
    )
    found = LoanLoss.objects.filter(run=run).values_list(*names, "days_late", "stage")
    columns = list(zip(*found, strict=True))
    kinds = {"is_bullet": np.bool_, "months_left": np.int64, "band": np.int64, "age": np.int64}
    arrays: dict[str, Any] = {
        name: np.array(column, dtype=kinds.get(name, np.float64))
        for name, column in zip(names, columns, strict=False)
    }
    late = np.minimum(np.array(columns[-2], dtype=np.int64) // 30, 3)
    floors = np.zeros(len(late))
    return Batch(**arrays, lgd_floor=floors, late=late, is_impaired=np.array(columns[-1]) == 3)


def _person(entity: Entity, role: str) -> User:
    branch = Branch.objects.filter(entity=entity).order_by("code")[0]
    person = User(email=f"{role}@lender.example", name=role, branch=branch)
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name=role))
    return User.objects.get(pk=person.pk)


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
