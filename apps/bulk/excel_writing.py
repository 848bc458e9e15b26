"""Write tables as an Excel workbook. Pure.

Every cell is text that Excel does not calculate, whatever it begins with. Rows are written as
they come, so a long table needs no more memory than a short one.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

Table = Iterable[Sequence[str]]
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_AS_TEXT = "@"


def write_workbook(stream: BinaryIO, sheets: Sequence[tuple[str, Table]]) -> None:
    """Write sheets (name, rows) to a stream; the first row of each is its header."""
    book = Workbook(write_only=True)
    for name, table in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for row, cells in enumerate(table):
            sheet.append(_row(sheet, cells, bold=row == 0))
    book.save(stream)


def _row(sheet: Any, cells: Sequence[str], *, bold: bool) -> Iterator[Any]:
    for text in cells:
        # XML has no form at all for control characters.
        cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", text))
        cell.data_type = "s"
        cell.number_format = _AS_TEXT
        if bold:
            cell.font = Font(bold=True)
        yield cell
