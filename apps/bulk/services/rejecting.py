"""The refused rows of a file, to be mended and uploaded again."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.audit import services as audit
from apps.bulk import selectors, sentences
from apps.bulk.models import Upload, UploadRow
from apps.core.tables import OUR_COLUMNS

_CHUNK = 500


def download_rejects(*, actor: User, upload: Upload) -> Iterator[list[str]]:
    """Yield the header and the refused rows as they were sent, each with its row and the reasons.

    The audit trail notes it. Read in the language of the moment; nothing is held but a chunk.
    """
    refused = selectors.rows(upload, state=UploadRow.State.REFUSED).order_by("number")
    audit.record(actor, "bulk.rejects_downloaded", upload, rows=refused.count())
    return _lines(upload, refused)


def _lines(upload: Upload, refused: QuerySet[UploadRow]) -> Iterator[list[str]]:
    width = len(upload.header)
    yield [*upload.header, *OUR_COLUMNS]
    for row in refused.iterator(chunk_size=_CHUNK):
        cells: list[Any] = row.cells
        padded = (list(cells) + [""] * width)[: max(width, len(cells))]
        yield [*padded, str(row.number), sentences.in_one_line(row.faults)]
