"""A statement that is handed over before a contract: finished texts in numbered lines and tables.

Pure. The app that states something puts the texts together in the reader's language; they are
frozen as they are, so a later translation changes no statement that was handed over.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from apps.letters.checks import ContentRefused

CURRENT = "statement-2026-11"
_FOLDERS = {CURRENT: Path(__file__).resolve().parent / "editions" / "s2026_11"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One item: its number in the rules where it has one, what it is, and what is said."""

    label: str
    value: str
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A headed part: paragraphs, then items, then a table whose first column is its heading."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ContentRefused("Every row of a table has a cell for each column.")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A whole statement. `dated` is the day the document bears.

    `link` is the address in its texts that is the applicant's own; staff do not read it.
    """

    language: str
    title: str
    lender: str
    lender_lines: tuple[str, ...]
    addressee: tuple[str, ...]
    particulars: tuple[Line, ...]
    opening: str
    parts: tuple[Part, ...]
    closing: tuple[str, ...]
    footer: str
    page_label: str
    dated: date
    link: str = ""

    def __post_init__(self) -> None:
        texts = (self.title, self.lender, self.opening, self.footer, self.page_label)
        if not all(text.strip() for text in texts) or not self.addressee or not self.parts:
            raise ContentRefused("A statement needs a title, two parties and something to say.")

    def to_dict(self) -> dict[str, Any]:
        """Return the statement as JSON types."""
        return {**asdict(self), "dated": self.dated.isoformat()}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Statement":
        """Return the statement written by `to_dict`. Raises ContentRefused for anything else."""
        try:
            return cls(
                **{
                    **written,
                    "lender_lines": tuple(written["lender_lines"]),
                    "addressee": tuple(written["addressee"]),
                    "closing": tuple(written["closing"]),
                    "particulars": tuple(Line(**line) for line in written["particulars"]),
                    "parts": tuple(_part(part) for part in written["parts"]),
                    "dated": date.fromisoformat(written["dated"]),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ContentRefused(f"This is no statement: {error!r}.") from error


def is_edition(name: str) -> bool:
    """Say whether a template of this name sets statements."""
    return name in _FOLDERS


def folder(name: str) -> Path:
    """Return where an edition's templates lie. Raises KeyError for one that is not kept here."""
    return _FOLDERS[name]


def _part(written: Mapping[str, Any]) -> Part:
    return Part(
        heading=written["heading"],
        paragraphs=tuple(written["paragraphs"]),
        lines=tuple(Line(**line) for line in written["lines"]),
        columns=tuple(written["columns"]),
        rows=tuple(tuple(row) for row in written["rows"]),
    )
