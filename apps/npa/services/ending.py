"""End a day of a lender: interest, classes, provisions, what is posted for them, alerts, closing.

Each stage is one or more transactions and is put down as done in its last, so that whatever was
interrupted - a worker that was killed, a lost connection - goes on with the stage it was in, and
does nothing twice.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import dates
from apps.ledger import services as ledger
from apps.ledger.chart import Event
from apps.ledger.models import Closing, Entry
from apps.ledger.services import closing
from apps.loans.models import Loan
from apps.npa import policies
from apps.npa.errors import (
    BeforeTheFirst,
    DayClosedAlready,
    DayNotOver,
    DaySkipped,
    EndingNow,
    NothingToEnd,
)
from apps.npa.models import DayEnd
from apps.npa.services import alerting, keeping_open, posting, proposing, snapshotting, standing
from apps.repayments import services as repayments

logger = structlog.get_logger(__name__)
# Of the two numbers of the lock that keeps day-ends of one lender apart ("DEND").
_LOCK = 0x44454E44
_MOST_DAYS = 400
ACCRUE, CLASSIFY, POST, FOLLOW, ALERT, CLOSE = STAGES = (
    *("accrue", "classify", "post", "follow", "alert", "close"),
)
# What a day-end posts itself.
_OWN = (Event.INTEREST_TO_SUSPENSE.value, Event.PROVISION.value, Event.RESERVE.value)
# While somebody keeps posting to the day that is being closed; then it is left open.
_MOST_RUNS = 3
Found = Mapping[str, int]


def end_day(
    *, actor: Any, entity: Entity, day: date, now: datetime, close: bool | None = None
) -> DayEnd:
    """End a day of a lender and return what is known of it; go on where it was interrupted.

    The caller has no transaction open. A finished day that is still open is run once more, for
    what became known of it since, and so are the open days after it; what changed is kept. The
    books of the day are closed at the end, unless some loan could not be accrued or somebody keeps
    them open. With `close` False the actor does, until a person ends it with True; None lets be.
    Raises NotPermitted, DayNotOver, DaySkipped where the day before was not ended,
    DayClosedAlready, NothingToEnd, EndingNow while somebody else ends a day of the lender.
    """
    _permit(actor)
    if day >= dates.local_date(now, entity.time_zone):
        raise DayNotOver
    with _alone(entity):
        day_end = _begun(entity, day, actor=actor, now=now)
        if day_end.status == "finished":
            # Whoever closed the books of the day was interrupted before it was put down here.
            day_end.move("close", kept_open_by="")
        if day_end.status == "closed":
            return day_end
        keeping_open.keep(day_end, close=close, actor=actor)
        for one in _open_from(day_end):
            _run(one, actor=actor, now=now)
        day_end.refresh_from_db()
        return _close(day_end, actor=actor, now=now)


def end_missing(*, actor: Any, entity: Entity, now: datetime, until: date | None = None) -> int:
    """End every day of a lender that is over and was not ended, in their order; return how many.

    From the day after the last one that was closed, or - the first time - the last day alone.
    A day that is kept open is left alone unless something was posted for it since, and so are
    those after it that it holds open; later days are ended all the same. Stops at a day that could
    not be closed for another reason. Nothing where nothing is left, or nothing was lent.
    """
    yesterday = dates.local_date(now, entity.time_zone) - timedelta(days=1)
    last = min(until or yesterday, yesterday)
    done = 0
    for day in _missing(entity, last):
        if _is_held(entity, day):
            continue
        try:
            day_end = end_day(actor=actor, entity=entity, day=day, now=now)
        except (NothingToEnd, DayClosedAlready):
            # Before the lender began to end its days, its books were closed by people.
            return done
        done += 1
        if day_end.status != "closed" and not _is_held(entity, day):
            break
    return done


def end_asked(
    *,
    actor: Any,
    entity: Entity,
    now: datetime,
    day: date | None = None,
    close: bool | None = None,
) -> None:
    """End a day, or all that are missing; nothing while somebody else ends one of the lender.

    For work that runs by itself: whoever holds the lender does the same.
    """
    try:
        if day is None:
            end_missing(actor=actor, entity=entity, now=now)
        else:
            end_day(actor=actor, entity=entity, day=day, now=now, close=close)
    except EndingNow:
        logger.info("ended_by_another", entity=entity.code)


def require_endable(*, actor: Any, entity: Entity, day: date, now: datetime) -> None:
    """Raise what `end_day` would, before it is asked for: see there."""
    _permit(actor)
    if day >= dates.local_date(now, entity.time_zone):
        raise DayNotOver
    standing_ = DayEnd.objects.filter(entity=entity, day=day).first()
    if standing_ is None:
        _require_new(entity, day)
    elif standing_.status == "closed":
        raise DayClosedAlready(day)


def require_ended(entity: Entity, day: date, _since: int | None = None) -> None:
    """Raise DaySkipped where books would close before a day of the lender is ended as it is now.

    So also where something was posted for it since that its snapshot does not know of.
    Nothing where the lender has not begun to end its days.
    """
    ended = DayEnd.objects.filter(entity=entity)
    first = ended.order_by("day").first()
    if first is None or day < first.day:
        return
    running = ended.filter(day__lte=day, status="running").order_by("day").first()
    if running is not None:
        raise DaySkipped(running.day)
    for one in ended.filter(day__lte=day, status="finished").order_by("day"):
        if _is_behind(one):
            raise DaySkipped(one.day)
    last = ended.latest("day")
    if last.day < day:
        raise DaySkipped(last.day + timedelta(days=1))


def _permit(actor: Any) -> None:
    if isinstance(actor, User):
        proposing.permit(actor, policies.RUN)


@contextmanager
def _alone(entity: Entity) -> Iterator[None]:
    """Hold a lender's day-ends until the block ends. Raises EndingNow while another does."""
    key = (_LOCK, str(entity.pk))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", key)
        if not cursor.fetchone()[0]:
            raise EndingNow
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)


def hold_off(entity: Entity) -> None:
    """Keep a lender's day-ends off until the transaction ends. Raises EndingNow while one runs."""
    with connection.cursor() as cursor:
        key = (_LOCK, str(entity.pk))
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", key)
        if not cursor.fetchone()[0]:
            raise EndingNow


# --- which day ------------------------------------------------------------------------------------
def _missing(entity: Entity, last: date) -> list[date]:
    """Return the days up to one that are to be ended, in their order."""
    ended = DayEnd.objects.filter(entity=entity, day__lte=last)
    open_ = ended.exclude(status="closed").order_by("day").first()
    latest = ended.order_by("-day").first()
    if open_ is not None:
        start = open_.day
    elif latest is not None:
        start = latest.day + timedelta(days=1)
    else:
        start = last
    most = max(start, latest.day if latest else start) + timedelta(days=_MOST_DAYS)
    days = (min(last, most) - start).days + 1
    return [start + timedelta(days=one) for one in range(days)]


def _begun(entity: Entity, day: date, *, actor: Any, now: datetime) -> DayEnd:
    """Return the day-end of a day, begun now where it was not; another run where it was finished.

    Raises DaySkipped, DayClosedAlready, NothingToEnd.
    """
    standing_ = DayEnd.objects.filter(entity=entity, day=day).first()
    if standing_ is None:
        _require_new(entity, day)
        standing_ = keeping_open.begun(entity, day, actor=actor, now=now)
    if standing_.status == "finished" and not _is_closed(entity, day):
        _run_again(standing_, actor=actor, now=now)
    return standing_


def _is_held(entity: Entity, day: date) -> bool:
    """Say whether a day is done but for its closing, and one that is kept open holds that up."""
    day_end = DayEnd.objects.filter(entity=entity, day=day, status="finished").first()
    if day_end is None or day_end.problems or _is_closed(entity, day):
        return False
    return keeping_open.is_kept_open(day_end) and not _is_behind(day_end)


def _is_closed(entity: Entity, day: date) -> bool:
    return Closing.objects.filter(entity=entity, day__gte=day).exists()


def _require_new(entity: Entity, day: date) -> None:
    """Raise DaySkipped, NothingToEnd or DayClosedAlready where a day cannot be begun."""
    _require_next(entity, day)
    if _is_closed(entity, day):
        raise DayClosedAlready(day)


def _require_next(entity: Entity, day: date) -> None:
    """Raise DaySkipped unless the day before was ended, or none ever was and something is lent."""
    latest = DayEnd.objects.filter(entity=entity).order_by("-day").first()
    if latest is None:
        lent = Loan.objects.filter(branch__entity=entity, disbursed_date__lte=day)
        if not lent.exclude(status="imported").exists():
            raise NothingToEnd
        return
    if day < latest.day:
        raise BeforeTheFirst
    if latest.day + timedelta(days=1) != day:
        raise DaySkipped(latest.day + timedelta(days=1))
    if latest.status == "running":
        raise DaySkipped(latest.day)


def _run_again(day_end: DayEnd, *, actor: Any, now: datetime) -> None:
    with transaction.atomic():
        day_end.move(
            "run_again",
            run=day_end.run + 1,
            started_by=keeping_open.name(actor),
            started_at=now,
            finished_at=None,
            stages={},
            progress={},
            problems=[],
        )
        audit.record(
            actor,
            "npa.day_run_again",
            day_end,
            entity=day_end.entity.code,
            day=str(day_end.day),
            run=day_end.run,
        )


def _open_from(day_end: DayEnd) -> Iterator[DayEnd]:
    """Yield the day that is to be run, and those after it that rest on it."""
    yield day_end
    later = DayEnd.objects.filter(entity=day_end.entity, day__gt=day_end.day).order_by("day")
    yield from later.exclude(status="closed")


# --- its stages -----------------------------------------------------------------------------------
def _run(day_end: DayEnd, *, actor: Any, now: datetime) -> None:
    """Do what is left of a day; a finished one that rests on a day run again is run again."""
    if day_end.status == "finished":
        _run_again(day_end, actor=actor, now=now)
    _stage(day_end, ACCRUE, lambda: _accrue(day_end, actor=actor, now=now), is_one=False)
    _classify(day_end)
    _stage(day_end, POST, lambda: posting.post(day_end, actor=actor, now=now))
    _stage(
        day_end,
        FOLLOW,
        lambda: {"loans": standing.follow(day_end, actor=actor, now=now)},
        is_one=False,
    )
    _stage(day_end, ALERT, lambda: {"alerts": _alert(day_end, now=now)})
    _finish(day_end, actor=actor, now=now)


def _stage(day_end: DayEnd, name: str, work: Callable[[], Found], *, is_one: bool = True) -> None:
    """Do a stage unless it is done, and put down that it is: in its transaction, if it is one."""
    if day_end.is_done(name):
        return
    DayEnd.objects.filter(pk=day_end.pk).update(progress={"stage": name})
    began = time.perf_counter()
    if is_one:
        with transaction.atomic():
            _done(day_end, name, work(), began)
    else:
        _done(day_end, name, work(), began)


def _done(day_end: DayEnd, name: str, found: Found, began: float) -> None:
    took = round(time.perf_counter() - began, 3)
    day_end.stages = {**day_end.stages, name: {**found, "seconds": took}}
    day_end.progress = {}
    DayEnd.objects.filter(pk=day_end.pk).update(
        stages=day_end.stages, progress={}, problems=day_end.problems
    )


def _classify(day_end: DayEnd) -> None:
    if day_end.is_done(CLASSIFY):
        return
    last_entry = closing.posted_until(day_end.entity)
    _stage(day_end, CLASSIFY, lambda: snapshotting.write(day_end, last_entry=last_entry))


def _accrue(day_end: DayEnd, *, actor: Any, now: datetime) -> Found:
    run = repayments.accrue_day(actor=actor, entity=day_end.entity, day=day_end.day, now=now)
    day_end.problems = run.problems
    return {"loans": run.loans, "charges": run.charges, "problems": len(run.problems)}


def _alert(day_end: DayEnd, *, now: datetime) -> int:
    return int(alerting.raise_alerts(entity=day_end.entity, day=day_end.day, now=now))


def _finish(day_end: DayEnd, *, actor: Any, now: datetime) -> None:
    found = day_end.stages[CLASSIFY]
    with transaction.atomic():
        day_end.move(
            "finish",
            finished_at=max(now, day_end.started_at),
            loans=found["loans"],
            changed=found["changed"],
        )
        audit.record(
            actor,
            "npa.day_ended",
            day_end,
            entity=day_end.entity.code,
            day=str(day_end.day),
            run=day_end.run,
            loans=day_end.loans,
            changed=day_end.changed,
            problems=len(day_end.problems),
        )


def _close(day_end: DayEnd, *, actor: Any, now: datetime) -> DayEnd:
    """Close the books of the day, unless something of it is left to be done by people."""
    before = DayEnd.objects.filter(entity=day_end.entity, day__lt=day_end.day)
    if day_end.problems or before.exclude(status="closed").exists():
        return day_end
    for _attempt in range(_MOST_RUNS):
        if keeping_open.is_kept_open(day_end):
            break
        if not _is_behind(day_end):
            try:
                return _closed(day_end, actor=actor, now=now)
            except DaySkipped:
                # Somebody posted for the day in the instant between; nobody can while it closes.
                pass
        _run(day_end, actor=actor, now=now)
    return day_end


def _closed(day_end: DayEnd, *, actor: Any, now: datetime) -> DayEnd:
    began = time.perf_counter()
    ledger.close_day(actor=actor, entity=day_end.entity, day=day_end.day, now=now)
    _done(day_end, CLOSE, {}, began)
    day_end.move("close", kept_open_by="")
    return day_end


def _is_behind(day_end: DayEnd) -> bool:
    """Say whether anything was posted for the day that its snapshot does not know of."""
    rows = Entry.objects.filter(
        branch__entity=day_end.entity,
        day=day_end.day,
        pk__gt=day_end.stages[CLASSIFY]["last_entry"],
    )
    return rows.exclude(event__in=_OWN).exists()
