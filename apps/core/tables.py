"""Read the table in a CSV file: its header and its rows, one after the other. Pure.

The rows come with the number a spreadsheet shows beside them; the header is row 1. Nothing is
held but the row at hand.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from apps.core.spreadsheets import unguarded
from apps.core.table_faults import FileUnreadable
from apps.core.table_formats import DELIMITERS, Format

MOST_COLUMNS = 200
LONGEST_CELL = 2_000
LONGEST_HEADING = 80
# What our reject files add on the right; taken off again when a mended file comes back.
ROW_COLUMN, REASONS_COLUMN = "refused_row", "refused_because"
OUR_COLUMNS = (ROW_COLUMN, REASONS_COLUMN)
_CODECS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "windows-1252": "cp1252"}
_ZIP, _OLD_EXCEL, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Line:
    """One row of a table: the number a spreadsheet shows, and its cells."""

    number: int
    cells: list[str]


def is_excel(start: bytes) -> bool:
    """Say whether a file that begins so is an Excel workbook of today. Refuses older ones."""
    if start.startswith(_OLD_EXCEL):
        raise FileUnreadable("old_excel")
    if start.startswith(_PDF):
        raise FileUnreadable("not_a_table")
    return start.startswith(_ZIP)


def read_csv(stream: BinaryIO, form: Format) -> Iterator[Line]:
    """Yield the lines of a CSV file, the header first; empty lines are passed over.

    Raises FileUnreadable for another encoding than declared and for what is no CSV.
    """
    _refuse_other_encoding(stream, form.encoding)
    text = io.TextIOWrapper(stream, encoding=_CODECS[form.encoding], newline="")
    number = 0
    try:
        delimiter = DELIMITERS[form.delimiter] or _delimiter_of(text)
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter, strict=True), start=1):
            if any(cells):
                yield Line(number, _checked(cells, number))
    except UnicodeDecodeError as error:
        raise FileUnreadable("wrong_encoding", encoding=form.encoding, row=number + 1) from error
    except csv.Error as error:
        raise FileUnreadable("malformed", row=number + 1) from error
    finally:
        # The stream stays the caller's; one who let go of a refused file has closed it already.
        if not stream.closed:
            text.detach()


def table(lines: Iterator[Line]) -> tuple[list[str], Iterator[Line]]:
    """Return the header and the rows below it, without what our reject files add.

    Raises FileUnreadable for an empty file, and for a header with unnamed or repeated columns.
    """
    first = next(lines, None)
    if first is None:
        raise FileUnreadable("empty")
    header = [" ".join(name.split()) for name in first.cells]
    while header and not header[-1]:
        header.pop()
    ours = {place for place, name in enumerate(header) if name in OUR_COLUMNS}
    _check_header(header)
    wanted = [name for place, name in enumerate(header) if place not in ours]
    return wanted, (_row(line, len(header), ours) for line in lines)


def _row(line: Line, width: int, ours: set[int]) -> Line:
    cells = list(line.cells)
    while len(cells) > width and not cells[-1]:
        cells.pop()
    kept = [unguarded(cell) for place, cell in enumerate(cells) if place not in ours]
    return Line(line.number, kept)


def _check_header(header: list[str]) -> None:
    if len(header) > MOST_COLUMNS:
        raise FileUnreadable("too_many_columns", most=MOST_COLUMNS)
    seen: set[str] = set()
    for place, name in enumerate(header, start=1):
        if not name:
            raise FileUnreadable("unnamed_column", column=place)
        if len(name) > LONGEST_HEADING or not name.isprintable():
            raise FileUnreadable("heading_unreadable", column=place)
        if name.casefold() in seen:
            raise FileUnreadable("column_twice", heading=name)
        seen.add(name.casefold())


def _checked(cells: list[str], number: int) -> list[str]:
    if len(cells) > MOST_COLUMNS:
        raise FileUnreadable("too_many_columns", most=MOST_COLUMNS)
    if any(len(cell) > LONGEST_CELL or "\0" in cell for cell in cells):
        raise FileUnreadable("malformed", row=number)
    return cells


def _refuse_other_encoding(stream: BinaryIO, declared: str) -> None:
    stream.seek(0)
    start = stream.read(4)
    stream.seek(0)
    has_mark = start.startswith(_UTF_16_MARKS)
    if has_mark and declared != "utf-16":
        raise FileUnreadable("is_utf_16", encoding=declared)
    if start and declared == "utf-16" and not has_mark:
        raise FileUnreadable("wrong_encoding", encoding=declared, row=1)


def _delimiter_of(text: io.TextIOWrapper) -> str:
    """Return what stands between the columns of the first line, and go back to it."""
    first = ""
    while not first.strip():
        line = text.readline(100_000)
        if not line:
            break
        first = line
    text.seek(0)
    found: str = max(",;\t", key=first.count)
    return found
