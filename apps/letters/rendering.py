"""Set a letter as HTML and as PDF. The same facts and edition give the same bytes. No database.

The HTML is a fragment, one `<article>` of escaped text without style or script: the page that
shows it brings the style sheet, so the site's strict Content-Security-Policy holds for frozen
letters too. The PDF stands for itself: PDF/A-2a (archival, tagged) and PDF/UA-1 (accessible),
dated by the facts, set from the four fonts that ship with it and from nothing on the machine.
"""

import functools
from dataclasses import asdict, dataclass
from datetime import date

from django.template import Context, Engine, Template

from apps.letters import editions, typesetting
from apps.letters.content import LetterFacts
from apps.letters.editions import Edition
from apps.letters.editions.e2026_11.page import Page
from apps.letters.typesetting import RenderingFailed, engine

__all__ = ["Rendered", "RenderingFailed", "engine", "render"]


@dataclass(frozen=True)
class Rendered:
    """A letter as it is frozen."""

    html: bytes
    pdf: bytes


def render(facts: LetterFacts, *, language: str, edition: Edition) -> Rendered:
    """Return the letter in both forms. Raises RenderingFailed, KeyError for an unknown language."""
    page = edition.page(facts, language)
    return Rendered(html=_html(page, edition), pdf=_pdf(page, edition))


def _html(page: Page, edition: Edition) -> bytes:
    return _template(edition.name).render(Context({"page": page})).encode()


def _pdf(page: Page, edition: Edition) -> bytes:
    return typesetting.pdf(
        edition.folder / "letter.typ",
        name="letter",
        value=asdict(page),
        dated=date(page.year, page.month, page.day),
    )


@functools.cache
def _template(name: str) -> Template:
    # An engine of its own: no loader, no library and no context processor can reach the text.
    source = (editions.edition(name).folder / "letter.html").read_text(encoding="utf-8")
    return Template(source, engine=Engine(autoescape=True))
