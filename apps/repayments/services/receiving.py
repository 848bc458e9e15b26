"""Take a statement in: read it once, refuse what cannot be read, and keep its rows, encrypted."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.core import dates, workbooks
from apps.core.bulk import copy_into
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.jobs import enqueue
from apps.core.keyring import keyring
from apps.core.table_faults import FileRefused, FileUnreadable
from apps.core.table_formats import DECIMALS, DELIMITERS, ENCODINGS, Format
from apps.core.tables import Line, is_excel, read_csv
from apps.repayments import statement_columns as columns
from apps.repayments import statement_policies as policies
from apps.repayments import statement_rows, statement_sentences
from apps.repayments.models import StatementFile, StatementLine
from apps.repayments.statement_rows import Money, Passed, Refused, Row

DATES = ("day_first", "month_first")
_CHUNK = 500
_PIECE = 256 * 1024
_MEGABYTE = 1_048_576
# Around the file itself stand the other inputs and the boundaries between them.
_BESIDE = 65_536
_KEY_PLACE = "repayments.statementline.key"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement as it was sent: its layout, how it writes, and what its columns are called.

    `told` maps roles (`statement_columns.ROLES`) to headings; what it leaves out is recognised.
    """

    layout: str
    filename: str
    stream: BinaryIO
    form: Format
    told: Mapping[str, str] = field(default_factory=dict)


def receive_statement(
    *, actor: User, branch: Branch, statement: Statement, now: datetime
) -> tuple[StatementFile, bool]:
    """Keep a statement's rows and return it, and whether it is new; nothing is posted yet.

    The same file of the same lender is returned as it stands. Raises NotPermitted, and FileRefused
    or DomainError with a sentence.
    """
    if not policies.may_upload_for(actor, branch):
        raise NotPermitted(
            "not_permitted", _("Your role does not take in statements for this branch.")
        )
    _check(statement)
    size, sha256 = measured(statement.stream)
    before = _sent_before(branch, sha256)
    if before is not None:
        return _shown(actor, before), False
    try:
        with transaction.atomic():
            found = _kept(actor, branch, statement, now=now, size=size, sha256=sha256)
    except FileUnreadable as error:
        raise statement_sentences.refusal(error) from error
    except IntegrityError:
        # The same file, sent twice at once: the other one has won.
        before = _sent_before(branch, sha256)
        if before is None:
            raise
        return _shown(actor, before), False
    return found, True


def refuse_announced(size: int) -> None:
    """Raise FileRefused when a request announces more than a file of ours and what is beside it."""
    if size > settings.BULK_MAX_BYTES + _BESIDE:
        raise _too_large()


def _kept(
    actor: User, branch: Branch, statement: Statement, *, now: datetime, size: int, sha256: str
) -> StatementFile:
    lines = _lines(statement)
    header, roles = statement_rows.find_header(lines, statement.layout, statement.told)
    file = StatementFile(
        branch=branch,
        entity=branch.entity,
        layout=statement.layout,
        size=size,
        sha256=sha256,
        format=statement.form.to_json(),
        currency=branch.entity.currency,
        header=list(header),
        roles=roles,
        total_rows=0,
        uploaded_by=actor,
        uploaded_at=now,
    )
    file.filename = named(statement.filename)
    file.save(force_insert=True)
    today = dates.local_date(now, branch.entity.time_zone)
    file.total_rows = _copy_rows(file, lines, statement.form, today)
    if not file.total_rows:
        raise FileUnreadable("headers_only")
    file.save(update_fields=["total_rows", "updated_at"])
    audit.record(
        actor,
        "repayments.statement_uploaded",
        file,
        branch=branch.code,
        layout=file.layout,
        file_sha256=sha256,
        rows=file.total_rows,
    )
    enqueue("repayments.check_statement", file_id=str(file.pk))
    return file


def _lines(statement: Statement) -> Iterator[Line]:
    statement.stream.seek(0)
    start = statement.stream.read(8)
    statement.stream.seek(0)
    if is_excel(start):
        return workbooks.read_excel(statement.stream, statement.form)
    return read_csv(statement.stream, statement.form)


def _copy_rows(file: StatementFile, lines: Iterator[Line], form: Format, today: date) -> int:
    reader = statement_rows.Reader(
        roles=file.roles,
        header=tuple(file.header),
        form=form,
        currency=file.currency,
        today=today,
    )
    sent: dict[int, list[str]] = {}

    def read() -> Iterator[Row]:
        for line in lines:
            sent[line.number] = line.cells
            yield reader.read(line)

    rows, total, seen = statement_rows.once_each(read()), 0, Counter[str]()
    while chunk := list(islice(rows, _CHUNK)):
        total += len(chunk)
        if total > settings.BULK_MAX_ROWS:
            raise FileUnreadable("too_many_rows", most=settings.BULK_MAX_ROWS)
        copy_into(StatementLine, [_stored(file, row, sent.pop(row.number), seen) for row in chunk])
    return total


def _stored(
    file: StatementFile, row: Row, cells: list[str], seen: "Counter[str]"
) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "id": uuid.uuid4(),
        "file_id": file.pk,
        "entity_id": file.entity_id,
        "number": row.number,
        "cells": cells,
        "details": {},
        "faults": [],
    }
    match row:
        case Refused():
            faults = [fault.to_json() for fault in row.faults]
            return stored | {"status": "refused", "faults": faults}
        case Passed():
            return stored | {"status": "ignored", "because": row.because}
    return stored | {
        "status": "waiting",
        "day": row.day,
        "amount": row.amount,
        "reference": row.reference,
        "key": _key(file.layout, row, seen),
        "details": {
            "account": row.account,
            "narrative": row.narrative,
            "party": row.party,
            "phone": row.phone,
        },
    }


def _key(layout: str, row: Money, seen: "Counter[str]") -> str:
    """Return which movement a row is: by its reference, else by all it says.

    Of rows that say the same without a reference each is a movement of its own: the second of a
    day is the second of that day in every statement that holds the day.
    """
    if row.reference:
        return f"{layout}:{row.reference}"
    said = "\0".join((str(row.day), str(row.amount), row.account, row.narrative, row.party))
    index = keyring().blind_index(f"{layout}\0{said}\0{row.phone}", place=_KEY_PLACE)
    seen[index] += 1
    return f"{layout}#{index}:{seen[index]}"


def measured(stream: BinaryIO) -> tuple[int, str]:
    """Return size and SHA-256 of a file. Raises FileRefused when it is too large."""
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > settings.BULK_MAX_BYTES:
            raise _too_large()
        digest.update(piece)
    return size, digest.hexdigest()


def _too_large() -> FileRefused:
    sentence = _("The file is larger than %(megabytes)s MB. Divide it and upload the parts.") % {
        "megabytes": settings.BULK_MAX_BYTES // _MEGABYTE
    }
    refused = FileRefused("file_too_large", sentence, fields={"file": sentence})
    refused.status = 413
    return refused


def _sent_before(branch: Branch, sha256: str) -> StatementFile | None:
    rows = StatementFile.objects.exclude(status="discarded").select_related("branch__entity")
    return rows.filter(entity=branch.entity_id, sha256=sha256).first()


def _shown(actor: User, before: StatementFile) -> StatementFile:
    """Return a file of before, where the person may see it; else raise Conflict."""
    if not StatementFile.objects.visible_to(actor).filter(pk=before.pk).exists():
        raise Conflict("sent_before", _("Another branch has uploaded this very file before."))
    return before


def named(filename: str) -> str:
    """Return the end of a file's name, of signs that can be seen."""
    return "".join(sign for sign in filename if sign.isprintable())[-150:] or "-"


def _check(statement: Statement) -> None:
    form = statement.form
    known = {
        "layout": (statement.layout, columns.LAYOUTS),
        "encoding": (form.encoding, ENCODINGS),
        "delimiter": (form.delimiter, tuple(DELIMITERS)),
        "decimal": (form.decimal, DECIMALS),
        "dates": (form.dates, DATES),
    }
    sentence = _("Choose one of the values offered.")
    wrong = {name: sentence for name, (value, allowed) in known.items() if value not in allowed}
    wrong |= {role: sentence for role in statement.told if role not in columns.ROLES}
    if wrong:
        raise DomainError("invalid_input", _("Some values are not acceptable."), fields=wrong)
