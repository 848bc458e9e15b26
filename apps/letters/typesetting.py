"""Set data as PDF with Typst: PDF/A-2a and PDF/UA-1, from our own fonts. No database.

A document is a template and one value of plain data, which travels as JSON and is set as text:
nothing in it is read as markup. The same template, data and day give the same bytes.
"""

import functools
import json
import threading
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import typst

from apps.letters import editions, glyphs

STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]
_of_this_thread = threading.local()


class RenderingFailed(RuntimeError):
    """The typesetter refused the document."""


@functools.cache
def engine() -> str:
    """Return the typesetter with its version; another one may set other bytes."""
    return f"typst {metadata.version('typst')}"


def pdf(template: Path, *, name: str, value: Any, dated: date) -> bytes:
    """Return one document; the template reads `value` with `json(bytes(sys.inputs.<name>))`.

    `value` is of dicts, lists, tuples, texts, numbers and None. A character that none of our fonts
    draws becomes a visible mark. Raises RenderingFailed.
    """
    moment = datetime(dated.year, dated.month, dated.day, tzinfo=UTC)
    try:
        made = _compiler(template).compile(
            format="pdf",
            sys_inputs={name: json.dumps(_drawable(value), ensure_ascii=False)},
            pdf_standards=STANDARDS,
            timestamp=int(moment.timestamp()),
        )
    except typst.TypstError as error:
        raise RenderingFailed(f"The document could not be set as PDF: {error.message}") from error
    if not isinstance(made, bytes):
        raise RenderingFailed("The typesetter did not return one document.")
    return made


def _drawable(value: Any) -> Any:
    match value:
        case dict():
            return {name: _drawable(part) for name, part in value.items()}
        case list() | tuple():
            return [_drawable(part) for part in value]
        case str():
            return glyphs.drawable(value, _available())
        case _:
            return value


@functools.cache
def _available() -> frozenset[str]:
    """Return the characters every weight of our fonts can draw, in one script or the other."""
    drawn = {
        path.name: glyphs.characters(path.read_bytes()) for path in editions.FONTS.glob("*.ttf")
    }
    regular = (codes for name, codes in drawn.items() if "Regular" in name)
    bold = (codes for name, codes in drawn.items() if "Bold" in name)
    return frozenset().union(*regular) & frozenset().union(*bold)


def _compiler(template: Path) -> typst.Compiler:
    """Return this thread's compiler of a template: one must not be shared between threads."""
    compilers: dict[Path, typst.Compiler] = _of_this_thread.__dict__.setdefault("compilers", {})
    if template not in compilers:
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(editions.FONTS)],
        )
        compilers[template] = typst.Compiler(
            str(template), root=str(template.parent), font_paths=fonts
        )
    return compilers[template]
