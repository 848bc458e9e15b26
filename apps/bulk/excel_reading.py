"""Read the first sheet of an Excel workbook (.xlsx), row by row. Pure.

A workbook is a zip of XML from a stranger, so it is read with care and with little: what it would
unpack to is limited before anything is unpacked, document types and entities are refused, macros
and links to other files too, and of a formula only the value Excel has stored is seen.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import BinaryIO
from xml.parsers import expat

from apps.bulk.faults import FileUnreadable
from apps.bulk.formats import Format
from apps.bulk.tables import LONGEST_CELL, MOST_COLUMNS, Line

_MOST_PARTS = 200
# A table of ten thousand rows and sixty columns is a tenth of this.
MOST_UNPACKED = 200 * 1024 * 1024
_MOST_TEXTS = 1_000_000
# A sheet may leave rows out; one that leaves out more is no list.
_LONGEST_GAP = 1_000
_CHUNK = 64 * 1024
_RELATIONS = "xl/_rels/workbook.xml.rels"
# Numbers of the formats that Excel itself shows as a date.
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
# Day 0; Excel believes that 1900 was a leap year, and every date after February carries that.
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a day has no zone
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001 - a day has no zone


def read_excel(stream: BinaryIO, form: Format) -> Iterator[Line]:
    """Yield the rows of the first sheet, empty ones left out; values as the sender would type them.

    Raises FileUnreadable for what is no workbook, and for one that is not safe to open.
    """
    try:
        with zipfile.ZipFile(stream) as parts:
            _refuse_dangerous(parts)
            book = _Book(parts)
            sheet = _Sheet(book, form)
            yield from sheet.lines(parts)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        raise FileUnreadable("excel_broken") from error
    except (expat.ExpatError, ValueError) as error:
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


def _parse(parts: zipfile.ZipFile, name: str, parser: expat.XMLParserType) -> Iterator[None]:
    """Feed a part to a parser, and stop after each piece."""

    def refuse(*_: object) -> None:
        raise FileUnreadable("excel_broken")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    with parts.open(name) as part:
        while piece := part.read(_CHUNK):
            parser.Parse(piece, False)  # noqa: FBT003 - expat takes no names
            yield
    parser.Parse(b"", True)  # noqa: FBT003
    yield


def _parser() -> expat.XMLParserType:
    # Names come as `namespace name`; only the name is looked at.
    return expat.ParserCreate(namespace_separator=" ")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


class _Book:
    """What the cells of a workbook refer to: shared texts, formats that are dates, the sheet."""

    def __init__(self, parts: zipfile.ZipFile) -> None:
        self.names = set(parts.namelist())
        self.starts = _EPOCH
        self.sheet = self._first_sheet(parts)
        self.texts = self._texts(parts)
        self.dates = self._dates(parts)

    def _first_sheet(self, parts: zipfile.ZipFile) -> str:
        first: list[str] = []
        targets: dict[str, str] = {}

        def in_book(name: str, attributes: dict[str, str]) -> None:
            if _local(name) == "sheet":
                first.extend(value for key, value in attributes.items() if key.endswith(" id"))
            if _local(name) == "workbookPr" and attributes.get("date1904") in ("1", "true"):
                self.starts = _EPOCH_1904

        def in_relations(name: str, attributes: dict[str, str]) -> None:
            if _local(name) == "Relationship":
                targets[attributes["Id"]] = attributes["Target"]

        for part, handler in (("xl/workbook.xml", in_book), (_RELATIONS, in_relations)):
            parser = _parser()
            parser.StartElementHandler = handler
            for _ in _parse(parts, part, parser):
                pass
        if not first:
            raise FileUnreadable("excel_broken")
        target = targets[first[0]]
        return target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)

    def _texts(self, parts: zipfile.ZipFile) -> list[str]:
        if "xl/sharedStrings.xml" not in self.names:
            return []
        texts: list[str] = []
        gathered: list[str] = []
        # How Japanese is pronounced stands beside the text and is no part of it.
        inside = {"t": False, "rPh": False}

        def start(name: str, _attributes: dict[str, str]) -> None:
            if _local(name) in inside:
                inside[_local(name)] = True

        def end(name: str) -> None:
            if _local(name) in inside:
                inside[_local(name)] = False
            if _local(name) == "si":
                texts.append(_kept("".join(gathered)))
                gathered.clear()
                if len(texts) > _MOST_TEXTS:
                    raise FileUnreadable("excel_bomb")

        def data(text: str) -> None:
            if inside["t"] and not inside["rPh"]:
                gathered.append(text)

        parser = _parser()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = data
        for _ in _parse(parts, "xl/sharedStrings.xml", parser):
            pass
        return texts

    def _dates(self, parts: zipfile.ZipFile) -> set[int]:
        """Return the styles that show a number as a date."""
        if "xl/styles.xml" not in self.names:
            return set()
        own: set[int] = set()
        styles: list[int] = []
        place = {"cellXfs": False}

        def start(name: str, attributes: dict[str, str]) -> None:
            local = _local(name)
            if local in place:
                place[local] = True
            elif local == "numFmt" and _shows_date(attributes.get("formatCode", "")):
                own.add(int(attributes["numFmtId"]))
            elif local == "xf" and place["cellXfs"]:
                styles.append(int(attributes.get("numFmtId", "0")))

        def end(name: str) -> None:
            if _local(name) in place:
                place[_local(name)] = False

        parser = _parser()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        for _ in _parse(parts, "xl/styles.xml", parser):
            pass
        return {place for place, kind in enumerate(styles) if kind in own | _DATE_FORMATS}


def _shows_date(pattern: str) -> bool:
    return any(sign in _QUOTED.sub("", pattern).lower() for sign in "ymd")


class _Sheet:
    """The rows of a sheet, as they are read."""

    def __init__(self, book: _Book, form: Format) -> None:
        self.book, self.form = book, form
        self.ready: list[Line] = []
        self.number = 0
        self.cells: dict[int, str] = {}
        self.place = -1
        self.kind, self.style = "", 0
        self.gathered: list[str] = []
        self.in_value = False

    def lines(self, parts: zipfile.ZipFile) -> Iterator[Line]:
        """Yield the rows that hold anything."""
        parser = _parser()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._data
        for _ in _parse(parts, self.book.sheet, parser):
            yield from self.ready
            self.ready.clear()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self._begin_row(attributes)
            case "c":
                self._begin_cell(attributes)
            case "v" | "t":
                self.in_value = True

    def _begin_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r", self.number + 1))
        if not self.number < number <= self.number + _LONGEST_GAP:
            raise FileUnreadable("excel_broken")
        self.number, self.cells, self.place = number, {}, -1

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        found = _REFERENCE.fullmatch(attributes.get("r", ""))
        self.place = _column(found[1]) if found else self.place + 1
        if self.place >= MOST_COLUMNS:
            raise FileUnreadable("too_many_columns", most=MOST_COLUMNS)
        self.kind, self.style = attributes.get("t", "n"), int(attributes.get("s", "0"))
        self.gathered = []

    def _data(self, text: str) -> None:
        if self.in_value:
            self.gathered.append(text)

    def _end(self, name: str) -> None:
        match _local(name):
            case "v" | "t":
                self.in_value = False
            case "c":
                text = self._value("".join(self.gathered))
                if text:
                    self.cells[self.place] = text
            case "row" if self.cells:
                width = max(self.cells) + 1
                cells = [self.cells.get(place, "") for place in range(width)]
                self.ready.append(Line(self.number, cells))

    def _value(self, text: str) -> str:
        """Return what a cell shows, as the sender would have typed it."""
        if not text:
            return ""
        match self.kind:
            case "s":
                return self.book.texts[int(text)] if int(text) < len(self.book.texts) else ""
            case "b":
                return "yes" if text == "1" else "no"
            case "n":
                return self._number(text)
            case "d":
                return self.form.write_day(datetime.fromisoformat(text))
        return _kept(text)

    def _number(self, text: str) -> str:
        try:
            value = Decimal(text)
        except InvalidOperation:
            return _kept(text)
        if self.style in self.book.dates and 0 <= value < 3_000_000:
            return self.form.write_day(self.book.starts + timedelta(days=int(value)))
        if not value.is_finite() or abs(value.adjusted()) > 30:
            return _kept(text)
        # Excel keeps 15 digits; 0.1 + 0.2 stands in the file with 17.
        rounded = Decimal(f"{float(value):.15g}")
        return self.form.write_number(rounded)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _kept(text: str) -> str:
    if len(text) > LONGEST_CELL:
        raise FileUnreadable("malformed", row=0)
    return text
