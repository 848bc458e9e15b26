"""Do a stress test: all loans once through every case, then all that was found in one piece.

Nothing is written but progress before the end, so a test that broke off begins anew. One worker at
a time holds a test.
"""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import structlog
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError
from apps.core.jobs import enqueue
from apps.impairment import parameters, stored
from apps.impairment.bulk import Numbers
from apps.impairment.measuring import Outlook
from apps.impairment.models import LoanLoss
from apps.impairment.reckoning import Ground as Measured
from apps.npa import rulebook
from apps.stress import economy, gathering, outcomes, reading, statement, summing
from apps.stress.gathering import Read, Source
from apps.stress.lifecycle import PENDING
from apps.stress.models import Case, Sums, Test
from apps.stress.projecting import Ground
from apps.stress.summing import MEASURES

logger = structlog.get_logger(__name__)
# The first half of the advisory lock that a test holds ("STRS").
_RUNNING = 0x53545253
LOST_AFTER = timedelta(minutes=2)
MOST_STARTS = 3
BATCH = 10_000
_ACTOR = audit.system("stress")
Key = tuple[int, str, str, int]


class _Basis:
    """What a test rests on, read once."""

    def __init__(self, test: Test) -> None:
        run = test.measured
        self.cases = list(test.cases.select_related("scenario").order_by("place"))
        self.scenarios = [
            economy.nothing(test.years)
            if one.scenario is None
            else reading.scenario(one.scenario.body)
            for one in self.cases
        ]
        terms = parameters.read(run.parameters.body)
        structure, given = stored.read(run.estimate.body)
        found = LoanLoss.objects.filter(run=run, currency=test.currency).order_by()
        segments = sorted(found.values_list("segment", flat=True).distinct())
        kinds = sorted(found.values_list("security", flat=True).distinct())
        measured = Measured(day=run.day, parameters=terms, structure=structure, given=given)
        self.ground = Ground(
            curves=measured.curves(),
            outlooks={name: terms.scenarios[name] for name in Outlook},
            stages=terms.stages,
            sensitivities=reading.sensitivities(test.sensitivities.body),
            segments=segments,
            kinds=kinds,
            years=test.years,
        )
        self.source = Source(
            day=run.day,
            years=test.years,
            parameters=terms,
            given=given,
            tables={one.pk: one.rules for one in rulebook.tables()},
            segments=segments,
            kinds=kinds,
        )


def run(*, test_id: uuid.UUID | str, now: datetime, batch: int = BATCH) -> Test:
    """Do a test to its end; one that has ended is returned.

    A second message finds it busy or done and leaves. What can be explained ends as the test's
    failure; anything else is noted there and raised.
    """
    rows = Test.objects.select_related(
        "entity", "measured__parameters", "measured__estimate", "sensitivities", "figures"
    )
    test = rows.get(pk=test_id)
    with _alone(test) as is_alone:
        test.refresh_from_db(fields=["status", "starts"])
        if not is_alone or test.status not in PENDING:
            return test
        try:
            return _carried_out(test, now=now, batch=batch)
        except DomainError as refusal:
            return _failed(test, str(refusal.sentence))
        except Exception:
            # The analyst must not wait for ever; the log keeps the cause.
            logger.exception("stress_test_failed", test=str(test.pk))
            _failed(test, _("Something is wrong on our side; it has been noted."))
            raise


def sweep(*, now: datetime) -> int:
    """Send tests again whose message or worker was lost; return how many."""
    lost = Test.objects.filter(status__in=PENDING, updated_at__lte=now - LOST_AFTER)
    keys = list(lost.order_by("asked_at").values_list("pk", flat=True))
    for key in keys:
        enqueue("stress.run", test_id=str(key))
    return len(keys)


def _carried_out(test: Test, *, now: datetime, batch: int) -> Test:
    if test.starts >= MOST_STARTS:
        raise Conflict("broke_off", _("It broke off several times and is not tried again."))
    _unchanged(test)
    loans = LoanLoss.objects.filter(run=test.measured_id, currency=test.currency).count()
    test.move(
        "start",
        total_loans=loans,
        done_loans=0,
        starts=test.starts + 1,
        started_at=test.started_at or now,
    )
    basis, digest = _Basis(test), hashlib.sha256()
    sums: dict[Key, Numbers] = defaultdict(lambda: np.zeros((len(MEASURES), test.years + 1)))
    after: Any = None
    while rows := _read(test, after, batch):
        _added(sums, rows, basis)
        for row in rows:
            digest.update(repr(_plain(row)).encode())
        after = rows[-1].loan_id
        test.done_loans += len(rows)
        Test.objects.filter(pk=test.pk).update(done_loans=test.done_loans, updated_at=Now())
    return _complete(test, basis, sums, digest.hexdigest())


def _unchanged(test: Test) -> None:
    """Refuse a measurement that was begun anew since the test was asked for."""
    measured = test.measured
    measured.refresh_from_db(fields=["status", "run"])
    if measured.status != "finished" or measured.run != test.measured_run:
        raise Conflict(
            "measured_anew", _("The day was measured anew meanwhile; ask for the test once more.")
        )


def _read(test: Test, after: Any, most: int) -> list[Read]:
    values = {
        "run": test.measured_id,
        "day": test.measured.day,
        "currency": test.currency,
        "after": after,
        "most": most,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement.BATCH, values)
        return [Read(*row) for row in cursor.fetchall()]


def _plain(row: Read) -> list[str]:
    return [str(getattr(row, name)) for name in statement.COLUMNS]


def _added(sums: dict[Key, Numbers], rows: list[Read], basis: _Basis) -> None:
    """Add what every case comes to for some loans."""
    book, ground = gathering.book(rows, basis.source), basis.ground
    number = len(ground.kinds)
    groups = book.segment * number + book.security
    for place, scenario in enumerate(basis.scenarios):
        places, stage, found = summing.project(book, ground, scenario)
        for (group, of_stage), values in summing.by_group(places, stage, found, groups).items():
            segment, kind = ground.segments[group // number], ground.kinds[group % number]
            sums[place, segment, kind, of_stage] += values


@transaction.atomic
def _complete(test: Test, basis: _Basis, sums: dict[Key, Numbers], rows_sha256: str) -> Test:
    _unchanged(test)
    made = [
        row
        for key, values in sorted(sums.items(), key=lambda one: one[0])
        for row in _rows(test, basis.cases, key, values)
    ]
    Sums.objects.bulk_create(made, batch_size=1_000)
    inputs = _inputs(test, basis, rows_sha256)
    results = outcomes.results(test, basis.cases, basis.scenarios, made)
    test.move(
        "complete",
        inputs=inputs,
        inputs_sha256=stored.sha256(inputs),
        results=results,
        results_sha256=stored.sha256([results, [_told(one) for one in made]]),
        total_loans=test.done_loans,
        ended_at=Now(),
    )
    audit.record(
        _ACTOR,
        "stress.test_done",
        test,
        loans=test.done_loans,
        inputs_sha256=test.inputs_sha256,
        results_sha256=test.results_sha256,
    )
    return test


def _rows(test: Test, cases: list[Case], key: Key, values: Numbers) -> Iterator[Sums]:
    place, segment, security, stage = key
    for year in range(test.years + 1):
        amounts: dict[str, Decimal] = {
            name: summing.rounded(values[at, year]) for at, name in enumerate(MEASURES)
        }
        yield Sums(
            test=test,
            case=cases[place],
            year=year,
            segment=segment,
            security=security,
            stage=stage,
            **amounts,
        )


def _told(one: Sums) -> list[str]:
    names = ("year", "segment", "security", "stage", *MEASURES)
    return [str(one.case.place), *(str(getattr(one, name)) for name in names)]


def _inputs(test: Test, basis: _Basis, rows_sha256: str) -> dict[str, Any]:
    """Return all that the figures follow from, by content."""
    return {
        "entity": test.entity.code,
        "day": test.measured.day.isoformat(),
        "currency": test.currency,
        "years": test.years,
        "loans": test.done_loans,
        "rows": rows_sha256,
        "parameters": test.measured.parameters.sha256,
        "estimate": test.measured.estimate.sha256,
        "sensitivities": test.sensitivities.sha256,
        "figures": test.figures.sha256,
        "scenarios": [one.scenario.sha256 for one in basis.cases if one.scenario is not None],
        "rules": sorted(one.code for one in basis.source.tables.values()),
    }


@transaction.atomic
def _failed(test: Test, sentence: str) -> Test:
    test.refresh_from_db(fields=["status"])
    if test.status not in PENDING:
        return test
    test.move("fail", failure=sentence, ended_at=Now())
    audit.record(_ACTOR, "stress.test_failed", test)
    return test


@contextmanager
def _alone(test: Test) -> Iterator[bool]:
    """Hold the test's advisory lock, and say whether it was free; it dies with the worker."""
    keys = [_RUNNING, int.from_bytes(test.pk.bytes[:4], "big") - 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", keys)
        is_free = bool(cursor.fetchone()[0])
        try:
            yield is_free
        finally:
            if is_free:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)
