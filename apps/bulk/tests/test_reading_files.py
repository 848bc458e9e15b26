"""What a stranger may send as a file: read as it is meant, or refused with a sentence."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.conf import LazySettings
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.bulk import excel_writing, spelling
from apps.bulk.models import Upload
from apps.bulk.tests import factories
from apps.core import spreadsheets, tables, workbooks
from apps.core.table_faults import CellRefused, FileRefused, FileUnreadable
from apps.core.table_formats import Format

_PLAIN = Format()


def _csv(text: str | bytes, **form: str) -> tuple[list[str], list[list[str]]]:
    content = text.encode() if isinstance(text, str) else text
    header, lines = tables.table(tables.read_csv(io.BytesIO(content), Format(**form)))
    return header, [line.cells for line in lines]


def _refused(text: str | bytes, **form: str) -> str:
    with pytest.raises(FileUnreadable) as refusal:
        _csv(text, **form)
    return refusal.value.code


def _book(*rows: list[Any]) -> io.BytesIO:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out


def test_it_reads_semicolons_mixed_line_ends_marks_and_empty_lines() -> None:
    text = "\ufeffname;sum\r\nAsha;1\n\nRavi;2\rMeera;3\r\n;\r\n"

    assert _csv(text) == (["name", "sum"], [["Asha", "1"], ["Ravi", "2"], ["Meera", "3"]])


def test_it_numbers_rows_as_a_spreadsheet_does() -> None:
    lines = tables.read_csv(io.BytesIO(b'a,b\n\n"two\nlines",x\ny,z\n'), _PLAIN)

    assert [line.number for line in lines] == [1, 3, 4]


def test_it_reads_the_encoding_that_is_declared() -> None:
    assert _csv("naïve,b\n1,2\n".encode("cp1252"), encoding="windows-1252")[0] == ["naïve", "b"]
    assert _csv("naïve\tb\n1\t2\n".encode("utf-16"), encoding="utf-16")[0] == ["naïve", "b"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        ("a,b\nf\xfcr,1\n".encode("cp1252"), "wrong_encoding"),
        ("a,b\n1,2\n".encode("utf-16"), "is_utf_16"),
        (b"a,A\n1,2\n", "column_twice"),
        (b"a,,b\n1,2,3\n", "unnamed_column"),
        (b'a,b\n"1,2\n3,4\n', "malformed"),
        (b"a,b\n1\0,2\n", "malformed"),
        (b"a,b\n" + b"x" * 3_000 + b",2\n", "malformed"),
        (",".join(f"c{n}" for n in range(201)).encode(), "too_many_columns"),
        (b"a" * 90 + b",b\n", "heading_unreadable"),
    ],
    ids=[
        *("empty", "only-line-ends", "other-encoding", "utf-16", "twice", "unnamed", "open-quote"),
        *("nul", "long-cell", "wide", "long-heading"),
    ],
)
def test_it_refuses_what_is_no_table(content: bytes, code: str) -> None:
    assert _refused(content) == code


@pytest.mark.parametrize(
    ("start", "code"),
    [(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"), (b"%PDF-1.7", "not_a_table")],
    ids=["xls", "pdf"],
)
def test_it_knows_other_kinds_of_files(start: bytes, code: str) -> None:
    with pytest.raises(FileUnreadable) as refusal:
        tables.is_excel(start)

    assert refusal.value.code == code


def test_it_reads_excel_cells_as_they_were_typed() -> None:
    content = _book(
        ["amount", "born", "phone", "verified", "note"],
        [200000.5, date(1988, 4, 12), 919822000001, True, "x"],
        [],
        [0.1 + 0.2, None, None, None, "y"],
    )

    lines = list(workbooks.read_excel(content, Format(decimal="comma", dates="day_first")))

    assert [line.number for line in lines] == [1, 2, 4]
    assert lines[1].cells == ["200000,5", "12/04/1988", "919822000001", "yes", "x"]
    assert lines[2].cells == ["0,3", "", "", "", "y"]


def test_it_names_the_row_of_a_far_too_long_cell() -> None:
    with pytest.raises(FileUnreadable) as refusal:
        list(workbooks.read_excel(_book(["a"], ["x"], ["y" * 2_001]), _PLAIN))

    assert (refusal.value.code, refusal.value.facts) == ("malformed", {"row": 3})


def _with_part(content: io.BytesIO, name: str, text: bytes = b"x") -> io.BytesIO:
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(name, text)
    return content


def _bomb() -> io.BytesIO:
    return _with_part(_book(["a"]), "xl/media/big.bin", b"0" * (201 * 1024 * 1024))


def _entities() -> io.BytesIO:
    """Return a workbook whose sheet would grow without end."""
    out = io.BytesIO()
    with zipfile.ZipFile(_book(["a"])) as parts, zipfile.ZipFile(out, "w") as copy:
        for name in parts.namelist():
            text = parts.read(name)
            if name == "xl/worksheets/sheet1.xml":
                head = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
                text = head + text.replace(b"<v>0</v>", b"<v>&b;</v>")
            copy.writestr(name, text)
    return out


def _damaged() -> io.BytesIO:
    """Return a workbook whose sheet does not unpack."""
    content = _book(["a"], ["b" * 50])
    with zipfile.ZipFile(content) as parts:
        sheet = parts.getinfo("xl/worksheets/sheet1.xml")
    start = sheet.header_offset + 30 + len(sheet.filename)
    content.seek(start)
    content.write(b"\xff" * 20)
    return content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_damaged, "excel_broken"),
        (lambda: _with_part(_book(["a"]), "xl/vbaProject.bin"), "excel_macros"),
        (lambda: _with_part(_book(["a"]), "xl/externalLinks/externalLink1.xml"), "excel_links"),
        (_bomb, "excel_bomb"),
        (_entities, "excel_broken"),
        (lambda: io.BytesIO(b"PK\x03\x04 no zip at all"), "excel_broken"),
        (lambda: _with_part(io.BytesIO(), "word/document.xml"), "excel_broken"),
    ],
    ids=["sheet", "macros", "links", "bomb", "entities", "damaged", "another-zip"],
)
def test_it_opens_no_dangerous_workbook(content: Any, code: str) -> None:
    with pytest.raises(FileUnreadable) as refusal:
        list(workbooks.read_excel(content(), _PLAIN))

    assert refusal.value.code == code


_CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"),
    max_size=20,
)


@given(st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=5))
def test_what_we_write_comes_back_and_is_no_formula(rows: list[tuple[str, str]]) -> None:
    table = [["first", "second"], *([a, b + "."] for a, b in rows)]

    text = "".join(spelling.csv_lines(table, _PLAIN))
    _header, back = _csv(text)
    out = io.BytesIO()
    excel_writing.write_workbook(out, [("Sheet", table)])

    assert back == table[1:]
    for line in tables.read_csv(io.BytesIO(text.encode()), _PLAIN):
        assert not any(cell.startswith(spreadsheets.FORMULA) for cell in line.cells)
    lines = [line.cells for line in workbooks.read_excel(out, _PLAIN)]
    assert lines == table


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1234.50", "point", "1234.50"),
        ("2,00,000.00", "point", "200000.00"),
        ("1.234,50", "comma", "1234.50"),
        ("1234,5", "comma", "1234.5"),
        ("-5", "point", "-5"),
    ],
)
def test_it_reads_numbers_as_declared(text: str, decimal: str, value: str) -> None:
    assert Format(decimal=decimal).number(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        *(("1,5", "point"), ("1.5", "comma"), ("1,23", "point"), ("NaN", "point")),
        *(("1e9", "point"), ("9" * 20, "point"), ("", "point"), ("٣", "point")),
        ("٣.٣٣٣", "comma"),
    ],
    ids=[
        *("comma", "point", "odd-group", "nan", "power", "long", "nothing", "other-digits"),
        "other-digits-grouped",
    ],
)
def test_it_guesses_no_number(text: str, decimal: str) -> None:
    with pytest.raises(CellRefused):
        Format(decimal=decimal).number(text)


@pytest.mark.parametrize("text", ["31.02.2026", "2026/01/31", "1.2.26x", "02/30/2026"])
def test_it_guesses_no_date(text: str) -> None:
    with pytest.raises(CellRefused):
        Format(dates="day_first").day(text)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"product,amount\n", "The file has a header and no rows."),
        (b"", "The file is empty."),
        (b"a\n1\n2\n3\n4\n", "The file has more than 3 rows. Divide it and upload the parts."),
    ],
    ids=["headers-only", "empty", "too-many"],
)
def test_a_file_that_cannot_be_taken_leaves_nothing(
    alice: User, settings: LazySettings, content: bytes, sentence: str
) -> None:
    settings.BULK_MAX_ROWS = 3

    with pytest.raises(FileRefused) as refusal:
        factories.received(alice, content)

    assert refusal.value.fields == {"file": sentence}
    assert not Upload.objects.exists()


@pytest.mark.django_db
def test_it_reads_no_further_than_the_limit(alice: User, settings: LazySettings) -> None:
    settings.BULK_MAX_BYTES = 1_048_576

    class Endless(io.RawIOBase):
        read_so_far = 0

        def readable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            return offset

        def read(self, size: int = -1) -> bytes:
            self.read_so_far += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(FileRefused) as refusal:
        factories.services.receive(
            actor=alice,
            branch=alice.branch,
            source="Dealer",
            filename="endless.csv",
            stream=stream,  # type: ignore[arg-type]
            form=_PLAIN,
            now=factories.NOW,
        )

    assert refusal.value.status == 413
    assert stream.read_so_far < 2 * 1_048_576


@pytest.mark.django_db
def test_cells_are_kept_encrypted(alice: User) -> None:
    upload = factories.received(alice, factories.written([factories.row(1)]))

    with connection.cursor() as cursor:
        cursor.execute("SELECT cells FROM bulk_uploadrow")
        [(stored,)] = cursor.fetchall()
    assert b"Ravi" not in bytes(stored)
    assert "Ravi Kulkarni" in upload.rows.get().cells
