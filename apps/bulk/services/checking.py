"""The dry run: judge every row as it stands today, and take nothing in."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.bulk import policies, selectors
from apps.bulk.drafts import Draft, draft
from apps.bulk.examining import Known, Plan, Refused, Verdict, examine
from apps.bulk.ground import Ground, ground
from apps.bulk.models import Upload, UploadRow
from apps.bulk.services import _ground, telling
from apps.core import dates
from apps.core import rows as core_rows
from apps.core.jobs import enqueue

logger = structlog.get_logger(__name__)
STATES = UploadRow.State
CHUNK = 200
# What a row comes to.
_COMES_TO = ("state", "faults", "key", "digest", "application_id")
_CHECKING = 0x42554C4B  # "BULK"


@transaction.atomic
def ask_check(*, actor: User, upload: Upload) -> Upload:
    """Let a worker judge every row without taking anything in.

    Raises NotPermitted, DomainError when needed columns are not told, Conflict in another state.
    """
    _ground.permit(policies.may_work_on, actor=actor, upload=upload)
    telling.require_columns(upload)
    upload.move("check", checked_at=None)
    upload.rows.update(state=STATES.WAITING, faults=[], application=None)
    enqueue("bulk.check", upload_id=str(upload.pk))
    return upload


def check(*, upload_id: uuid.UUID | str, now: datetime) -> None:
    """Judge the rows of a file from the first to the last; safe to run twice.

    Rows are judged as if those before them had been taken in: of two that say the same, the
    second is known. A run that broke off begins anew, because nothing was taken in.
    """
    upload = Upload.objects.select_related("branch__entity", "uploaded_by").get(pk=upload_id)
    with _alone(upload) as is_alone:
        upload.refresh_from_db(fields=["status"])
        if not is_alone or upload.status != "checking":
            return
        basis = ground_of(upload, now=now)
        after = 0
        while rows := _chunk(upload, after):
            if not _judge(upload, rows, basis):
                return
            after = rows[-1].number
        _report(upload, now=now)


def ground_of(upload: Upload, *, now: datetime) -> Ground:
    """Return what the rows of a file are judged by."""
    today = dates.local_date(now, upload.branch.entity.time_zone)
    return ground(actor=upload.uploaded_by, branch=upload.branch, today=today)


def drafts_of(upload: Upload, rows: Sequence[UploadRow]) -> list[Draft]:
    """Return what rows say."""
    reader = selectors.reader(upload)
    return [
        draft(row.number, *reader.read(row.cells), entity=upload.entity, source=upload.source)
        for row in rows
    ]


def noted(row: UploadRow, said: Draft, verdict: Verdict) -> UploadRow:
    """Return the row with what it comes to; a good one as not yet taken in."""
    row.key, row.digest = said.key, said.digest
    row.faults, row.application_id = [], None
    match verdict:
        case Plan():
            row.state = STATES.GOOD
        case Known():
            row.state, row.application_id = STATES.KNOWN, verdict.application_id
        case Refused():
            row.state = STATES.REFUSED
            row.faults = [fault.to_json() for fault in verdict.faults]
    return row


def write_rows(rows: Sequence[UploadRow]) -> None:
    """Store what rows come to, with one statement."""
    changes = {row.pk: {name: getattr(row, name) for name in _COMES_TO} for row in rows}
    core_rows.change_each(UploadRow, changes, while_={})


def _chunk(upload: Upload, after: int) -> list[UploadRow]:
    found = UploadRow.objects.filter(upload=upload, number__gt=after)
    return list(found.order_by("number")[:CHUNK])


@transaction.atomic
def _judge(upload: Upload, rows: list[UploadRow], basis: Ground) -> bool:
    """Judge some rows; say whether the file is still being checked."""
    standing = Upload.objects.select_for_update(no_key=True).only("status").get(pk=upload.pk)
    if standing.status != "checking":
        return False
    said = drafts_of(upload, rows)
    basis.learn(said)
    for row, one in zip(rows, said, strict=True):
        verdict = examine(one, basis)
        if isinstance(verdict, Plan):
            basis.admit(one, verdict.person, (None, _("row %d of this file") % one.number))
        noted(row, one, verdict)
    write_rows(rows)
    Upload.objects.filter(pk=upload.pk).update(updated_at=Now())
    return True


@transaction.atomic
def _report(upload: Upload, *, now: datetime) -> None:
    found = selectors.counts(upload).by_state
    upload.move("report", checked_at=now)
    facts: dict[str, Any] = {name: found.get(name, 0) for name in ("good", "known", "refused")}
    audit.record(upload.uploaded_by, "bulk.checked", upload, **facts)


@contextmanager
def _alone(upload: Upload) -> Iterator[bool]:
    """Hold the file's advisory lock, and say whether it was free; it dies with the worker."""
    keys = [_CHECKING, int.from_bytes(upload.pk.bytes[:4], "big") - 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", keys)
        is_free = bool(cursor.fetchone()[0])
        try:
            yield is_free
        finally:
            if is_free:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)
