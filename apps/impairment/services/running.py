"""Measure the losses of a lender at the end of a day: batches of bounded memory, one row a loan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core.bulk import copy_into, refresh_statistics
from apps.core.errors import Conflict
from apps.impairment import parameters, reckoning, stored
from apps.impairment.models import Estimate, LoanLoss, LossSum, ParameterSet, Run
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
    on has changed since or `again` asks for it. Two at once share the batches; of two that rest on
    something else, the one that began first stops. Raises Conflict for a day that ends no month or
    is not ended, that has neither parameters nor fitting estimates, that a later measurement builds
    on, and where what it rests on changed before it was finished.
    """
    run = _begun(entity, day, now=now, again=again)
    if run.status == "finished":
        return run
    ground = _ground(run)
    while _batch_done(run, ground, most=batch):
        pass
    return _finished(run, actor=actor, now=now)


def due(entity: Entity) -> date | None:
    """Return the day the worker measures next; None where nothing is to be done or can be.

    That is the earliest day whose measurement was cut off; else the last end of a month that is
    ended, unless it is measured and rests on what there is now.
    """
    cut_off = Run.objects.filter(entity=entity, status="running").order_by("day").first()
    last = _last_ended(entity) if cut_off is None else cut_off.day
    if last is None or ParameterSet.objects.in_force(entity, last) is None:
        return None
    if not _ended(entity).filter(day=last).exists() or _later(entity, last).exists():
        return None
    done = Run.objects.filter(entity=entity, day=last, status="finished").first()
    return None if done is not None and _rests_on_present(done) else last


def _rests_on_present(run: Run) -> bool:
    try:
        return _inputs(run.entity, run.day).of(run)
    except Conflict:
        # The estimates that fit are missing; the worker makes them first.
        return False


def is_outdated(run: Run) -> bool:
    """Say whether the day of a measurement was ended anew since: its figures are of before."""
    ended = DayEnd.objects.filter(entity=run.entity_id, day=run.day)
    return ended.exclude(run=run.day_run).exists()


def _ended(entity: Entity) -> QuerySet[DayEnd]:
    return DayEnd.objects.filter(entity=entity, status__in=["finished", "closed"])


def _last_ended(entity: Entity) -> date | None:
    days = _ended(entity).order_by("-day").values_list("day", flat=True)
    return next((day for day in days if is_end(day)), None)


def _later(entity: Entity, day: date) -> QuerySet[Run]:
    """Return the measurements of later days that stand; one that is only begun does not."""
    return Run.objects.filter(entity=entity, day__gt=day, status="finished")


@transaction.atomic
def _begun(entity: Entity, day: date, *, now: datetime, again: bool) -> Run:
    alone(entity)
    # Whoever is at a batch of it finishes that first; the next one sees another number.
    run = Run.objects.select_for_update().filter(entity=entity, day=day).first()
    inputs = _inputs(entity, day)
    if run is not None and inputs.of(run) and (run.status == "running" or not again):
        return run
    if _later(entity, day).exists():
        raise Conflict(
            "measured_later", _("A later day is measured already, with the stages of this one.")
        )
    fields = {name: getattr(inputs, name) for name in Inputs.__slots__}
    if run is None:
        return Run.objects.create(entity=entity, day=day, started_at=now, **fields)
    run.move(
        "begin_again",
        run=run.run + 1,
        started_at=now,
        finished_at=None,
        last_loan=None,
        loans=0,
        totals={},
        **fields,
    )
    LoanLoss.objects.filter(run=run).delete()
    LossSum.objects.filter(run=run).delete()
    return run


def _inputs(entity: Entity, day: date) -> Inputs:
    if not is_end(day):
        raise Conflict("no_month_end", _("Losses are measured at the last day of a month."))
    ended = _ended(entity).filter(day=day).first()
    if ended is None:
        raise Conflict("day_not_ended", _("This day is not ended."))
    terms = ParameterSet.objects.in_force(entity, day)
    if terms is None:
        raise Conflict("no_parameters", _("No approved parameters are in force on that day."))
    rows = Estimate.objects.filter(entity=entity, as_of=day, parameters=terms)
    estimate = rows.order_by("-version").first()
    if estimate is None:
        raise Conflict(
            "no_estimate",
            _("No estimate was made for this day under these parameters; make one."),
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


def _held(begun: Run) -> Run:
    """Return the row of a run, locked. Raises Conflict where somebody began it anew meanwhile."""
    run = Run.objects.select_for_update(of=("self",)).select_related("entity").get(pk=begun.pk)
    if run.run != begun.run:
        raise Conflict("begun_anew", _("This day was begun anew meanwhile, on other grounds."))
    return run


@transaction.atomic
def _batch_done(begun: Run, ground: Ground, *, most: int) -> bool:
    """Measure the next loans of a run; return whether there were any."""
    run = _held(begun)
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
    Run.objects.filter(pk=run.pk).update(last_loan=rows[-1].loan_id, loans=run.loans + len(rows))
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
def _finished(begun: Run, *, actor: str, now: datetime) -> Run:
    alone(begun.entity)
    run = _held(begun)
    if run.status == "finished":
        return run
    if not _inputs(run.entity, run.day).of(run):
        raise Conflict(
            "inputs_changed", _("What this measurement rests on changed meanwhile; measure again.")
        )
    with connection.cursor() as cursor:
        cursor.execute(loans.SUMS, {"run": run.pk})
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
