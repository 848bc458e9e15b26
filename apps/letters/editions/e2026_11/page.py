"""A letter as its reader sees it: finished texts in order, the same for HTML and PDF. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """A label and its value."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """A headed part: paragraphs, then a list or a table of figures, then more paragraphs.

    A section that stands `beside` shares its line with the other ones that do.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    numbered: bool = False
    figures: tuple[Row, ...] = ()
    lines: tuple[str, ...] = ()
    beside: bool = False
    after: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """The whole letter. `year`, `month`, `day` are the date the document bears."""

    language: str
    title: str
    lender: str
    lender_lines: tuple[str, ...]
    addressee: tuple[str, ...]
    particulars: tuple[Row, ...]
    subject: str
    salutation: str
    opening: str
    sections: tuple[Section, ...]
    closing: str
    footer: str
    page_label: str
    figures_heading: tuple[str, str]
    year: int
    month: int
    day: int
