"""Take the rows of a file in: chunk by chunk, each whole or not at all, never twice.

Several workers are at one file, each with rows of its own. A chunk lands in one transaction -
customers, facts, submitted applications, their events, and what became of each row - and is then
decided by `decisions` and lettered, some applications at a time, each exactly as at the counter.
Whoever is killed in between leaves submitted applications, which the sweeps decide.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

import structlog
from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.bulk import landing, policies, selectors
from apps.bulk.drafts import Draft
from apps.bulk.examining import Plan, examine
from apps.bulk.ground import Ground
from apps.bulk.models import Upload, UploadRow
from apps.bulk.services import _ground, checking
from apps.core import jobs
from apps.core.errors import Conflict, StaleRecord
from apps.core.jobs import enqueue
from apps.core.table_faults import Fault
from apps.customers.models import Customer
from apps.decisions import services as decisions
from apps.letters import services as letters

logger = structlog.get_logger(__name__)
STATES = UploadRow.State
CHUNK = 100
# So many are decided before their letters are set: where a worker dies, the sweep sets as many.
LETTERED = letters.TOGETHER
RENDER = "letters.render"
_WORKER = audit.system("worker")


class _Stopped(Exception):
    """The file is not being taken in any more."""


class _NoRight(Exception):
    """Who uploaded the file may no longer take in applications."""


@transaction.atomic
def start(*, actor: User, upload: Upload, now: datetime) -> Upload:
    """Begin to take the rows in. Every row is judged anew, as it stands then.

    Raises NotPermitted, Conflict unless the file was checked.
    """
    _ground.permit(policies.may_work_on, actor=actor, upload=upload)
    upload.move("start", started_at=now)
    upload.rows.update(state=STATES.WAITING, faults=[], application=None)
    audit.record(actor, "bulk.started", upload, rows=upload.total_rows)
    send(upload)
    return upload


@transaction.atomic
def resume(*, actor: User, upload: Upload) -> Upload:
    """Go on with a file that was stopped, with the rows that still wait.

    Raises NotPermitted, Conflict in another state.
    """
    _ground.permit(policies.may_work_on, actor=actor, upload=upload)
    upload.move("resume", stopped_because="", ended_at=None)
    audit.record(actor, "bulk.resumed", upload)
    send(upload)
    return upload


def send(upload: Upload) -> None:
    """Send the file to as many workers as may be at it; the database says which rows wait."""
    for _lane in range(settings.BULK_LANES):
        enqueue("bulk.run", upload_id=str(upload.pk))


def advance(*, upload_id: uuid.UUID | str, now: datetime) -> bool:
    """Take in, decide and letter one chunk; say whether there may be more to do.

    Safe to run twice and at the same time. Where nothing waits any more, what others left
    undecided is decided and the file is finished.
    """
    upload = Upload.objects.select_related("branch__entity", "uploaded_by").get(pk=upload_id)
    if upload.status != "running":
        return False
    try:
        landed = _landed(upload, now=now)
    except _Stopped:
        return False
    except _NoRight:
        _stop(upload, now=now)
        return False
    _decide(landed.applications, now=now)
    if landed.rows:
        _touch(upload)
        return True
    return _finish(upload, now=now)


class _Landed:
    """How many rows a chunk had, and the applications it made."""

    def __init__(self, rows: int, applications: Sequence[uuid.UUID]) -> None:
        self.rows, self.applications = rows, applications


def _landed(upload: Upload, *, now: datetime) -> _Landed:
    """Land a chunk; where one of its rows breaks it, land its rows one by one."""
    try:
        return _land(upload, size=CHUNK, now=now)
    except (OperationalError, InterfaceError, _Stopped, _NoRight):
        raise
    except IntegrityError:
        # Somebody registered one of the customers meanwhile, past the locks: judged anew, row by
        # row, the second look sees it.
        logger.warning("chunk_judged_anew", upload=str(upload.pk))
    except Exception:
        # A row of a kind that nobody thought of must not hold up the other rows of its chunk: alone
        # it is refused, and the log keeps the traceback.
        logger.exception("chunk_broke", upload=str(upload.pk))
    found = [_land_one(upload, now=now) for _row in range(CHUNK)]
    applications = [key for one in found for key in one.applications]
    return _Landed(sum(one.rows for one in found), applications)


def _land_one(upload: Upload, *, now: datetime) -> _Landed:
    """Land the next row; one that breaks alone is refused, so that it holds up no other."""
    try:
        return _land(upload, size=1, now=now)
    except (OperationalError, InterfaceError, _Stopped, _NoRight):
        raise
    except Exception:
        # Nothing is lost: the row is told as refused, and the log keeps the traceback.
        logger.exception("row_broke", upload=str(upload.pk))
        return _give_up_one(upload)


@transaction.atomic
def _give_up_one(upload: Upload) -> _Landed:
    rows = _claim(upload, 1)
    for row in rows:
        row.state, row.application_id = STATES.REFUSED, None
        row.faults = [Fault("", "unexpected").to_json()]
    checking.write_rows(rows)
    return _Landed(len(rows), [])


@transaction.atomic
def _land(upload: Upload, *, size: int, now: datetime) -> _Landed:
    _require_running(upload)
    rows = _claim(upload, size)
    if not rows:
        return _Landed(0, [])
    said = checking.drafts_of(upload, rows)
    _hold(said)
    basis = _held_ground(upload, said, now=now)
    plans: list[Plan] = []
    for row, one in zip(rows, said, strict=True):
        verdict = examine(one, basis)
        checking.noted(row, one, verdict)
        if isinstance(verdict, Plan):
            application = verdict.application
            application.pk = uuid.uuid5(row.pk, "application")
            basis.admit(one, verdict.person, (application.pk, ""))
            row.state, row.application = STATES.ACCEPTED, application
            plans.append(verdict)
    made = landing.land(
        plans, actor=upload.uploaded_by, branch=upload.branch, now=now, today=basis.today
    )
    checking.write_rows(rows)
    return _Landed(len(rows), [one.pk for one in made])


def _require_running(upload: Upload) -> None:
    """Hold the file as running to the end of the transaction: whoever stops it waits for us."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM bulk_upload WHERE id = %s FOR SHARE", [upload.pk])
        (status,) = cursor.fetchone()
    if status != "running":
        raise _Stopped
    if not policies.may_upload_for(upload.uploaded_by, upload.branch):
        raise _NoRight


def _claim(upload: Upload, size: int) -> list[UploadRow]:
    """Return the next rows that wait and that no other worker holds."""
    waiting = UploadRow.objects.filter(upload=upload, state=STATES.WAITING).order_by("number")
    return list(waiting.select_for_update(skip_locked=True, of=("self",), no_key=True)[:size])


def _hold(said: Sequence[Draft]) -> None:
    """Let registrations that share a value come one after the other, as `register` does."""
    keys = sorted({key for one in said for key in one.locks})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(hashtextextended(key, 0)))"
            " FROM unnest(%s::text[]) AS key",
            [keys],
        )


def _held_ground(upload: Upload, said: Sequence[Draft], *, now: datetime) -> Ground:
    """Return what the rows are judged by, with the customers on record held as they were read."""
    found = checking.ground_of(upload, now=now)
    found.learn(said)
    if not found.people:
        return found
    _lock_customers(list(found.people))
    # Until they were held, somebody could still withdraw a consent or record a debt.
    held = checking.ground_of(upload, now=now)
    held.learn(said)
    return held


def _lock_customers(keys: Sequence[uuid.UUID]) -> None:
    """Hold customers, in one order for all, so that nobody changes their facts meanwhile."""
    held = Customer.objects.filter(pk__in=keys).order_by("pk")
    list(held.select_for_update(no_key=True, of=("self",)).values_list("pk"))


def _decide(applications: Sequence[uuid.UUID], *, now: datetime) -> None:
    """Decide applications and set the letters that follow, some at a time."""
    for first in range(0, len(applications), LETTERED):
        part = applications[first : first + LETTERED]
        with jobs.done_here(RENDER):
            made = decisions.assess_each(application_ids=part, actor=_WORKER, now=now)
        due = [one.letter_id for one in made if one.letter_id is not None]
        # One that breaks holds up no other letter; the sweep tries it again.
        letters.render_each(letter_ids=due, now=now)


def _finish(upload: Upload, *, now: datetime) -> bool:
    """Decide what others left, and finish the file when all is done; say whether more remains."""
    left = UploadRow.objects.filter(
        upload=upload, state=STATES.ACCEPTED, application__status="submitted"
    )
    # From the end: a worker that is still at its chunk comes from the beginning.
    found = list(left.order_by("-number").values_list("application", flat=True)[:CHUNK])
    _decide(found, now=now)
    if found:
        _touch(upload)
        return True
    counts = selectors.counts(upload)
    if counts.waiting or counts.undecided:
        # Rows another worker holds: it sends the file again itself, and the sweep if it dies.
        return False
    return _finished(upload, counts.by_state, now=now)


@transaction.atomic
def _finished(upload: Upload, found: dict[str, int], *, now: datetime) -> bool:
    try:
        upload.move("finish", ended_at=now)
    except (Conflict, StaleRecord):
        return False
    facts = {name: found.get(name, 0) for name in ("accepted", "known", "refused")}
    audit.record(upload.uploaded_by, "bulk.finished", upload, **facts)
    return False


@transaction.atomic
def _stop(upload: Upload, *, now: datetime) -> None:
    try:
        upload.move("cancel", ended_at=now, stopped_because="stopped_no_right")
    except (Conflict, StaleRecord):
        return
    audit.record(_WORKER, "bulk.stopped", upload, because="stopped_no_right")


def _touch(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).update(updated_at=Now())
