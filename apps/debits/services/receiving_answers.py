"""Take in what the bank answers: read once, reconciled with its trailer, kept row by row."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.core import dates, tables
from apps.core.bulk import copy_into
from apps.core.errors import Conflict, NotPermitted
from apps.core.jobs import enqueue
from apps.core.table_faults import FileUnreadable
from apps.core.table_formats import Format
from apps.core.tables import Line
from apps.debits import answers, policies, reasons, sentences
from apps.debits.answers import Answered, Row
from apps.debits.models import AnswerFile, AnswerLine
from apps.repayments.services import receiving

_CHUNK = 500
_FORM = Format(encoding="utf-8", delimiter="comma", dates="iso")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file as it was sent."""

    filename: str
    stream: BinaryIO


def receive_answers(
    *, actor: User, branch: Branch, upload: Upload, now: datetime
) -> tuple[AnswerFile, bool]:
    """Keep what the bank answered and return it, and whether it is new; a worker posts it.

    The same file of the same lender is returned as it stands. Raises NotPermitted, Conflict where
    another branch sent it, and FileRefused with a sentence: then nothing is kept.
    """
    if not policies.may_answer_for(actor, branch):
        raise NotPermitted(
            "not_permitted", _("Your role does not take in the bank's answers for this branch.")
        )
    size, sha256 = receiving.measured(upload.stream)
    before = _sent_before(branch, sha256)
    if before is not None:
        return _shown(actor, before), False
    try:
        with transaction.atomic():
            found = _kept(actor, branch, upload, now=now, size=size, sha256=sha256)
    except FileUnreadable as error:
        raise sentences.refusal(error) from error
    except IntegrityError:
        # The same file, sent twice at once: the other one has won.
        before = _sent_before(branch, sha256)
        if before is None:
            raise
        return _shown(actor, before), False
    return found, True


def _kept(
    actor: User, branch: Branch, upload: Upload, *, now: datetime, size: int, sha256: str
) -> AnswerFile:
    entity = branch.entity
    lines = _lines(upload.stream)
    head = answers.head(lines, lender=entity.code, currency=entity.currency)
    file = AnswerFile(
        entity=entity,
        branch=branch,
        size=size,
        sha256=sha256,
        currency=entity.currency,
        bank_reference=head.name,
        total_rows=0,
        collected=0,
        returned=0,
        uploaded_by=actor,
        uploaded_at=now,
        started_by=actor,
    )
    file.filename = receiving.named(upload.filename)
    file.save(force_insert=True)
    reader = answers.Reader(
        currency=entity.currency,
        today=dates.local_date(now, entity.time_zone),
        reasons=reasons.table(),
    )
    _copy(file, reader.rows(lines))
    told = reader.reconcile()
    file.total_rows, file.collected, file.returned = told.rows, told.collected, told.returned
    file.save(update_fields=["total_rows", "collected", "returned", "updated_at"])
    audit.record(
        actor,
        "debits.answers_received",
        file,
        branch=branch.code,
        file_sha256=sha256,
        rows=file.total_rows,
        collected=str(file.collected),
        returned=str(file.returned),
    )
    enqueue("debits.post_answers", file_id=str(file.pk))
    return file


def _lines(stream: BinaryIO) -> Iterator[Line]:
    stream.seek(0)
    start = stream.read(8)
    stream.seek(0)
    if tables.is_excel(start):
        raise FileUnreadable("not_csv")
    return tables.read_csv(stream, _FORM)


def _copy(file: AnswerFile, rows: Iterator[tuple[Line, Row]]) -> None:
    total = 0
    while chunk := list(islice(rows, _CHUNK)):
        total += len(chunk)
        if total > settings.BULK_MAX_ROWS:
            raise FileUnreadable("too_many_rows", most=settings.BULK_MAX_ROWS)
        copy_into(AnswerLine, [_stored(file, line, row) for line, row in chunk])


def _stored(file: AnswerFile, line: Line, row: Row) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "id": uuid.uuid4(),
        "file_id": file.pk,
        "number": line.number,
        "cells": line.cells,
        "reference": row.reference,
    }
    if not isinstance(row, Answered):
        faults = [fault.to_json() for fault in row.faults]
        return stored | {"status": "refused", "faults": faults}
    return stored | {
        "status": "waiting",
        "faults": [],
        "outcome": row.outcome,
        "amount": row.amount,
        "value_date": row.value_date,
        "reason_code": row.reason,
        "bank_reference": row.bank_reference,
    }


def _sent_before(branch: Branch, sha256: str) -> AnswerFile | None:
    rows = AnswerFile.objects.select_related("branch__entity")
    return rows.filter(entity=branch.entity_id, sha256=sha256).first()


def _shown(actor: User, before: AnswerFile) -> AnswerFile:
    """Return a file of before, where the person may see it; else raise Conflict."""
    if not AnswerFile.objects.visible_to(actor).filter(pk=before.pk).exists():
        raise Conflict("sent_before", _("Another branch has uploaded this very file before."))
    return before
