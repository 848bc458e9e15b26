"""The refused rows of a statement, to be mended and uploaded again."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.tables import OUR_COLUMNS
from apps.repayments import statement_lists, statement_sentences
from apps.repayments.models import StatementFile, StatementLine

_CHUNK = 500


def download_refused(*, actor: User, file: StatementFile) -> Iterator[list[str]]:
    """Yield the header and the refused rows as they were sent, each with its row and the reasons.

    The audit trail notes it. Read in the language of the moment; nothing is held but a chunk.
    """
    refused = statement_lists.lines(file, status="refused").order_by("number")
    audit.record(actor, "repayments.refused_downloaded", file, rows=refused.count())
    return _lines(file, refused)


def _lines(file: StatementFile, refused: QuerySet[StatementLine]) -> Iterator[list[str]]:
    width = len(file.header)
    yield [*file.header, *OUR_COLUMNS]
    for line in refused.iterator(chunk_size=_CHUNK):
        cells: list[Any] = line.cells
        padded = (list(cells) + [""] * width)[: max(width, len(cells))]
        yield [*padded, str(line.number), statement_sentences.in_one_line(line.faults)]
