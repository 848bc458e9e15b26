"""What every paper has in common: our fonts alone, data as text, the same bytes again."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import pypdf
import pytest

from apps.letters import typesetting
from apps.letters.typesetting import RenderingFailed

DATED = date(2026, 11, 26)
TEMPLATE = """
#let data = json(bytes(sys.inputs.note))
#set document(title: data.title, date: datetime(year: 2026, month: 11, day: 26))
#set text(font: ("Noto Sans", "Noto Sans Devanagari"))
#data.title #data.lines.join(linebreak())
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "note.typ"
    file.write_text(TEMPLATE)
    return file


def made(template: Path, *lines: str) -> bytes:
    value: dict[str, Any] = {"title": "Note", "lines": lines}
    return typesetting.pdf(template, name="note", value=value, dated=DATED)


def text_of(pdf: bytes) -> str:
    return pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


def test_it_sets_data_as_text_and_never_as_markup(template: Path) -> None:
    text = text_of(made(template, "#let x = 1", "*bold* $x^2$"))

    assert "#let x = 1" in text
    assert "*bold* $x^2$" in text


def test_it_makes_the_same_bytes_of_the_same_data_and_day(template: Path) -> None:
    assert made(template, "ऋण", "Loan") == made(template, "ऋण", "Loan")


def test_it_marks_what_our_fonts_cannot_draw(template: Path) -> None:
    assert "Zhang \N{REPLACEMENT CHARACTER}" in text_of(made(template, "Zhang \u5f20"))


def test_it_fails_in_words_where_the_template_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "wrong.typ"
    file.write_text("#let = ")

    with pytest.raises(RenderingFailed, match="could not be set as PDF"):
        made(file)
