"""Set a letter as HTML and as PDF. The same facts and edition give the same bytes. No database.

The HTML is a fragment, one `<article>` of escaped text without style or script: the page that
shows it brings the style sheet, so the site's strict Content-Security-Policy holds for frozen
letters too. The PDF stands for itself: PDF/A-2a (archival, tagged) and PDF/UA-1 (accessible),
dated by the facts, set from the four fonts that ship with it and from nothing on the machine.
"""

import functools
import json
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import typst
from django.template import Context, Engine, Template

from apps.letters import editions, glyphs
from apps.letters.content import LetterFacts
from apps.letters.editions import Edition
from apps.letters.editions.e2026_11.page import Page

STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]
_of_this_thread = threading.local()


class RenderingFailed(RuntimeError):
    """The typesetter refused the letter."""


@dataclass(frozen=True)
class Rendered:
    """A letter as it is frozen."""

    html: bytes
    pdf: bytes


@functools.cache
def engine() -> str:
    """Return the typesetter with its version; another one may set other bytes."""
    return f"typst {metadata.version('typst')}"


def render(facts: LetterFacts, *, language: str, edition: Edition) -> Rendered:
    """Return the letter in both forms. Raises RenderingFailed, KeyError for an unknown language."""
    page = edition.page(facts, language)
    return Rendered(html=_html(page, edition), pdf=_pdf(page, edition))


def _html(page: Page, edition: Edition) -> bytes:
    return _template(edition.name).render(Context({"page": page})).encode()


def _pdf(page: Page, edition: Edition) -> bytes:
    dated = datetime(page.year, page.month, page.day, tzinfo=UTC)
    letter = json.dumps(_drawable(asdict(page)), ensure_ascii=False)
    try:
        pdf = _compiler(edition).compile(
            format="pdf",
            sys_inputs={"letter": letter},
            pdf_standards=STANDARDS,
            timestamp=int(dated.timestamp()),
        )
    except typst.TypstError as error:
        raise RenderingFailed(f"The letter could not be set as PDF: {error.message}") from error
    if not isinstance(pdf, bytes):
        raise RenderingFailed("The typesetter did not return one document.")
    return pdf


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


@functools.cache
def _template(name: str) -> Template:
    # An engine of its own: no loader, no library and no context processor can reach the text.
    source = (editions.edition(name).folder / "letter.html").read_text(encoding="utf-8")
    return Template(source, engine=Engine(autoescape=True))


def _compiler(edition: Edition) -> typst.Compiler:
    """Return this thread's compiler: one must not be shared between threads."""
    compilers: dict[str, typst.Compiler] = _of_this_thread.__dict__.setdefault("compilers", {})
    if edition.name not in compilers:
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(editions.FONTS)],
        )
        compilers[edition.name] = typst.Compiler(
            str(edition.folder / "letter.typ"), root=str(edition.folder), font_paths=fonts
        )
    return compilers[edition.name]
