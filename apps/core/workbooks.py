"""Read the first sheet of an Excel workbook (.xlsx), row by row. Pure.

A workbook is a zip of XML from a stranger: what it would unpack to is limited before anything is
unpacked, macros and links to other files are refused, and of a formula only the value Excel has
stored is seen. `defusedxml` beside openpyxl refuses document types and entities.
"""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from apps.core.table_faults import FileUnreadable
from apps.core.table_formats import Format
from apps.core.tables import LONGEST_CELL, MOST_COLUMNS, Line

_MOST_PARTS = 200
# A table of ten thousand rows and sixty columns is a tenth of this.
MOST_UNPACKED = 200 * 1024 * 1024
# A sheet may leave rows out; one that leaves out more is no list.
_LONGEST_GAP = 1_000
_MOST_DIGITS = 30


def read_excel(stream: BinaryIO, form: Format) -> Iterator[Line]:
    """Yield the rows of the first sheet, empty ones left out; values as the sender would type them.

    Raises FileUnreadable for what is no workbook, and for one that is not safe to open.
    """
    try:
        with zipfile.ZipFile(stream) as parts:
            _refuse_dangerous(parts)
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        try:
            yield from _lines(book.worksheets[0], form)
        finally:
            book.close()
    except FileUnreadable:
        raise
    except (
        *(zipfile.BadZipFile, InvalidFileException, ParseError, DefusedXmlException),
        *(KeyError, IndexError, TypeError, ValueError, AttributeError),
        *(NotImplementedError, RuntimeError, EOFError, zlib.error),
    ) as error:
        # What openpyxl meets in a broken part reaches us as any of these.
        raise FileUnreadable("excel_broken") from error


def _refuse_dangerous(parts: zipfile.ZipFile) -> None:
    listed = parts.infolist()
    if len(listed) > _MOST_PARTS or sum(one.file_size for one in listed) > MOST_UNPACKED:
        raise FileUnreadable("excel_bomb")
    names = {one.filename.lower() for one in listed}
    if any(name.endswith(("vbaproject.bin", ".xlm")) or "macrosheets/" in name for name in names):
        raise FileUnreadable("excel_macros")
    if any(name.startswith("xl/externallinks/") for name in names):
        raise FileUnreadable("excel_links")


def _lines(sheet: Any, form: Format) -> Iterator[Line]:
    # What the sheet says of its own size need not be true.
    sheet.reset_dimensions()
    empty = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = _cells(values, form, number)
        empty = 0 if cells else empty + 1
        if empty > _LONGEST_GAP:
            raise FileUnreadable("excel_broken")
        if cells:
            yield Line(number, cells)


def _cells(values: Sequence[Any], form: Format, number: int) -> list[str]:
    cells = [_shown(value, form) for value in values]
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise FileUnreadable("too_many_columns", most=MOST_COLUMNS)
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise FileUnreadable("malformed", row=number)
    return cells


def _shown(value: object, form: Format) -> str:
    """Return what a cell shows, as the sender would have typed it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, form)
    if isinstance(value, datetime):
        return form.write_day(value.date())
    if isinstance(value, date):
        return form.write_day(value)
    return str(value)


def _number(value: float, form: Format) -> str:
    # Excel keeps 15 digits; 0.1 + 0.2 stands in the file with 17.
    rounded = Decimal(f"{value:.15g}")
    if not rounded.is_finite() or abs(rounded.adjusted()) > _MOST_DIGITS:
        return str(value)
    return form.write_number(rounded)
