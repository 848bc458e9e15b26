"""Measure the losses of a lender at the end of a day: batches of bounded memory, one row a loan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core.bulk import copy_into, refresh_statistics
from apps.core.errors import Conflict
from apps.impairment import parameters, reckoning, stored
from apps.impairment.models import Estimate, LoanLoss, ParameterSet, Run
from apps.impairment.reckoning import Ground, Read
from apps.impairment.services.estimating import is_end
from apps.impairment.services.locking import alone
from apps.impairment.statements import loans
from apps.npa.models import DayEnd

# Loans in memory at a time: some tens of megabytes.
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run rests on; where one of them is another, it is measured anew."""

    day_run: int
    parameters_id: Any
    estimate_id: int
    before_id: int | None
    before_run: int | None

    def of(self, run: Run) -> bool:
        """Say whether a run rests on these."""
        return all(getattr(run, name) == getattr(self, name) for name in Inputs.__slots__)


def measure(
    *, actor: str, entity: Entity, day: date, now: datetime, again: bool = False, batch: int = BATCH
) -> Run:
    """Measure what every loan on the books of a day is expected to lose, and return the run.

    One that was cut off goes on where it came to; one that is finished stays, unless what it rests
    on has changed since or `again` asks for it. Two at once share the batches. Raises Conflict for
    a day that is not ended, that has neither parameters nor fitting estimates, or that a later
    measurement builds on.
    """
    run = _begun(entity, day, now=now, again=again)
    if run.status == "finished":
        return run
    ground = _ground(run)
    while _batch_done(run.pk, ground, most=batch):
        pass
    return _finished(run.pk, actor=actor, now=now)


def due(entity: Entity) -> date | None:
    """Return the last end of a month that is ended and not measured; None where nothing can be."""
    ended = DayEnd.objects.filter(entity=entity, status__in=["finished", "closed"])
    days = (day for day in ended.order_by("-day").values_list("day", flat=True) if is_end(day))
    last = next(days, None)
    if last is None or ParameterSet.objects.in_force(entity, last) is None:
        return None
    done = Run.objects.filter(entity=entity, day__gte=last, status="finished")
    return None if done.exists() else last


@transaction.atomic
def _begun(entity: Entity, day: date, *, now: datetime, again: bool) -> Run:
    alone(entity)
    run = Run.objects.filter(entity=entity, day=day).first()
    inputs = _inputs(entity, day)
    if run is not None and inputs.of(run) and (run.status == "running" or not again):
        return run
    if Run.objects.filter(entity=entity, day__gt=day).exists():
        raise Conflict(
            "measured_later", _("A later day is measured already, with the stages of this one.")
        )
    fields = {name: getattr(inputs, name) for name in Inputs.__slots__}
    if run is None:
        return Run.objects.create(entity=entity, day=day, started_at=now, **fields)
    LoanLoss.objects.filter(run=run).delete()
    return run.move(
        "begin_again",
        run=run.run + 1,
        started_at=now,
        finished_at=None,
        last_loan=None,
        loans=0,
        totals={},
        **fields,
    )


def _inputs(entity: Entity, day: date) -> Inputs:
    ended = DayEnd.objects.filter(entity=entity, day=day, status__in=["finished", "closed"]).first()
    if ended is None:
        raise Conflict("day_not_ended", _("This day is not ended."))
    terms = ParameterSet.objects.in_force(entity, day)
    if terms is None:
        raise Conflict("no_parameters", _("No approved parameters are in force on that day."))
    rows = Estimate.objects.filter(entity=entity, as_of__lte=day).order_by("-version")
    estimate = rows.select_related("parameters").first()
    if estimate is None or estimate.parameters.body["bands"] != terms.body["bands"]:
        raise Conflict(
            "no_estimate", _("There is no estimate from own history for these bands; make one.")
        )
    before = Run.objects.filter(entity=entity, day__lt=day).order_by("-day").first()
    if before is not None and before.status != "finished":
        raise Conflict("run_before_open", _("The measurement before this one is not finished."))
    return Inputs(
        day_run=ended.run,
        parameters_id=terms.pk,
        estimate_id=estimate.pk,
        before_id=before.pk if before else None,
        before_run=before.run if before else None,
    )


def _ground(run: Run) -> Ground:
    structure, given = stored.read(run.estimate.body)
    terms = parameters.read(run.parameters.body)
    return Ground(day=run.day, parameters=terms, structure=structure, given=given)


@transaction.atomic
def _batch_done(key: int, ground: Ground, *, most: int) -> bool:
    """Measure the next loans of a run; return whether there were any."""
    run = Run.objects.select_for_update().get(pk=key)
    if run.status != "running":
        return False
    values: dict[str, Any] = {
        "entity": run.entity_id,
        "day": run.day,
        "before": run.before_id,
        "after": run.last_loan,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(loans.batch(ground.parameters.bands), values)
        rows = [Read(*row) for row in cursor.fetchall()]
    if not rows:
        return False
    copy_into(LoanLoss, _numbered(run.pk, reckoning.reckon(rows, ground)))
    Run.objects.filter(pk=key).update(last_loan=rows[-1].loan_id, loans=run.loans + len(rows))
    return True


def _numbered(run: int, rows: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows with their run and their keys, which COPY does not take from the sequence."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('impairment_loanloss', 'id'))"
            " FROM generate_series(1, %s)",
            [len(rows)],
        )
        keys = [key for (key,) in cursor.fetchall()]
    return [{"id": key, "run_id": run, **row} for key, row in zip(keys, rows, strict=True)]


@transaction.atomic
def _finished(key: int, *, actor: str, now: datetime) -> Run:
    run = Run.objects.select_for_update(of=("self",)).select_related("entity").get(pk=key)
    if run.status == "finished":
        return run
    with connection.cursor() as cursor:
        cursor.execute(loans.TOTALS, {"run": run.pk})
        totals = _totals(cursor.fetchall())
    run.move("finish", finished_at=max(now, run.started_at), totals=totals)
    refresh_statistics(LoanLoss)
    audit.record(
        actor,
        "impairment.measured",
        run,
        entity=run.entity.code,
        day=run.day.isoformat(),
        run=run.run,
        loans=run.loans,
        totals=totals,
    )
    return run


def _totals(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Return sums by currency and stage as they are stored: money as text."""
    names = ("ead", "loss", "loss_12", "loss_lifetime")
    found: dict[str, Any] = {}
    for currency, stage, number, *amounts in rows:
        sums = {name: str(amount) for name, amount in zip(names, amounts, strict=True)}
        found.setdefault(currency, {})[str(stage)] = {"loans": number, **sums}
    return found
