"""Take a file in: read it once, refuse what cannot be read, and keep its rows, encrypted."""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.bulk import policies, selectors, sentences
from apps.bulk.models import Upload, UploadRow
from apps.core.bulk import copy_into
from apps.core.errors import DomainError, NotPermitted
from apps.core.table_faults import FileRefused, FileUnreadable
from apps.core.table_formats import DATES, DECIMALS, DELIMITERS, ENCODINGS, Format
from apps.core.tables import Line, is_excel, read_csv, table
from apps.core.workbooks import read_excel
from apps.customers import contact
from apps.customers.findings import Finding

_CHUNK = 500
_PIECE = 256 * 1024
_LONGEST_SOURCE = 60
_MEGABYTE = 1_048_576
# Around the file itself stand the other inputs and the boundaries between them.
_BESIDE = 65_536


def receive(
    *,
    actor: User,
    branch: Branch,
    source: str,
    filename: str,
    stream: BinaryIO,
    form: Format,
    now: datetime,
) -> tuple[Upload, bool]:
    """Keep a file's rows and return it, and whether it is new.

    The same file for the same branch is returned as it stands; nothing is read a second time.
    Nothing is taken in yet. Raises NotPermitted, and FileRefused or DomainError with a sentence.
    """
    if not policies.may_upload_for(actor, branch):
        raise NotPermitted(
            "not_permitted", _("Your role does not take in applications for this branch.")
        )
    source = _source(source)
    _check_format(form)
    size, sha256 = _measured(stream)
    before = _sent_before(branch, sha256)
    if before is not None:
        return before, False
    try:
        with transaction.atomic():
            upload = _kept(actor, branch, stream, form, now=now, source=source, sha256=sha256)
            upload.filename, upload.size = _name(filename), size
            upload.save(update_fields=["filename", "size", "updated_at"])
            audit.record(
                actor,
                "bulk.uploaded",
                upload,
                branch=branch.code,
                file_sha256=sha256,
                size=size,
                rows=upload.total_rows,
            )
    except FileUnreadable as error:
        raise sentences.refusal(error) from error
    except IntegrityError:
        # The same file, sent twice at once: the other one has won.
        before = _sent_before(branch, sha256)
        if before is None:
            raise
        return before, False
    return upload, True


def _kept(
    actor: User, branch: Branch, stream: BinaryIO, form: Format, *, now: datetime, **of_file: Any
) -> Upload:
    stream.seek(0)
    start = stream.read(8)
    stream.seek(0)
    lines = read_excel(stream, form) if is_excel(start) else read_csv(stream, form)
    header, rows = table(lines)
    upload = Upload(
        branch=branch,
        entity=branch.entity,
        format=form.to_json(),
        header=header,
        mapping=selectors.suggested(actor, header),
        total_rows=0,
        size=0,
        uploaded_by=actor,
        uploaded_at=now,
        **of_file,
    )
    upload.filename = ""
    upload.save(force_insert=True)
    upload.total_rows = _copy_rows(upload, rows)
    if not upload.total_rows:
        raise FileUnreadable("headers_only")
    upload.save(update_fields=["total_rows", "updated_at"])
    return upload


def _copy_rows(upload: Upload, rows: Iterator[Line]) -> int:
    total = 0
    while chunk := list(islice(rows, _CHUNK)):
        total += len(chunk)
        if total > settings.BULK_MAX_ROWS:
            raise FileUnreadable("too_many_rows", most=settings.BULK_MAX_ROWS)
        copy_into(
            UploadRow,
            (
                {
                    "id": uuid.uuid4(),
                    "upload_id": upload.pk,
                    "entity_id": upload.entity_id,
                    "number": line.number,
                    "cells": line.cells,
                    "faults": [],
                }
                for line in chunk
            ),
        )
    return total


def _measured(stream: BinaryIO) -> tuple[int, str]:
    """Return size and SHA-256 of a file. Raises FileRefused when it is too large."""
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > settings.BULK_MAX_BYTES:
            raise _too_large()
        digest.update(piece)
    return size, digest.hexdigest()


def refuse_announced(size: int) -> None:
    """Raise FileRefused when a request announces more than a file of ours and what is beside it."""
    if size > settings.BULK_MAX_BYTES + _BESIDE:
        raise _too_large()


def _too_large() -> FileRefused:
    """Return the refusal of a file that is larger than we read."""
    sentence = _("The file is larger than %(megabytes)s MB. Divide it and upload the parts.") % {
        "megabytes": settings.BULK_MAX_BYTES // _MEGABYTE
    }
    refused = FileRefused("file_too_large", sentence, fields={"file": sentence})
    refused.status = 413
    return refused


def _sent_before(branch: Branch, sha256: str) -> Upload | None:
    rows = Upload.objects.exclude(status="discarded").select_related("branch__entity", "entity")
    return rows.filter(branch=branch, sha256=sha256).first()


def _source(text: str) -> str:
    try:
        return contact.line(text, limit=_LONGEST_SOURCE)
    except Finding:
        sentence = _("Say in at most %(limit)d characters whose file this is.") % {
            "limit": _LONGEST_SOURCE
        }
        raise DomainError("invalid_input", sentence, fields={"source": sentence}) from None


def _name(filename: str) -> str:
    return "".join(sign for sign in filename if sign.isprintable())[-150:] or "-"


def _check_format(form: Format) -> None:
    known = {
        "encoding": ENCODINGS,
        "delimiter": tuple(DELIMITERS),
        "decimal": DECIMALS,
        "dates": tuple(DATES),
    }
    sentence = _("Choose one of the values offered.")
    wrong = {n: sentence for n, allowed in known.items() if getattr(form, n) not in allowed}
    if wrong:
        raise DomainError("invalid_input", _("Some values are not acceptable."), fields=wrong)
