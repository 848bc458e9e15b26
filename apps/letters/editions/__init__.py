"""The editions of the letters: each is a folder that never changes once letters bear its name.

A letter keeps the name of its edition, so that it can be set again, byte by byte, for as long as
it is kept. FINGERPRINTS pins every file of an edition, and the fonts; a test fails when a file
has changed without a new edition. To make one: copy the newest folder or build on it, add it to
EDITIONS with its fingerprint, make it CURRENT.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from apps.letters.content import LetterFacts
from apps.letters.editions.e2026_11 import compose as compose_2026_11
from apps.letters.editions.e2026_11.page import Page
from apps.letters.editions.e2026_12 import compose as compose_2026_12
from apps.letters.editions.e2027_01 import compose as compose_2027_01
from apps.letters.editions.e2027_02 import compose as compose_2027_02

FONTS = Path(__file__).resolve().parent.parent / "fonts"


class UnknownEdition(LookupError):
    """A letter names an edition that is not kept here."""


@dataclass(frozen=True)
class Edition:
    """One edition: its folder, its languages, and how facts become a page in it."""

    name: str
    folder: Path
    languages: frozenset[str]
    compose: Callable[..., Page]

    def page(self, facts: LetterFacts, language: str) -> Page:
        """Return the letter as finished texts. Raises KeyError for a language it has not."""
        return self.compose(facts, language=language)


def _edition(
    name: str, module: str, languages: frozenset[str], compose: Callable[..., Page]
) -> Edition:
    return Edition(name, Path(__file__).resolve().parent / module, languages, compose)


CURRENT = "2027-02"
EDITIONS = {
    "2026-11": _edition(
        "2026-11", "e2026_11", frozenset(compose_2026_11.WORDINGS), compose_2026_11.compose
    ),
    "2026-12": _edition(
        "2026-12", "e2026_12", frozenset(compose_2026_12.WORDINGS), compose_2026_12.compose
    ),
    "2027-01": _edition(
        "2027-01", "e2027_01", frozenset(compose_2027_01.WORDINGS), compose_2027_01.compose
    ),
    "2027-02": _edition(
        "2027-02", "e2027_02", frozenset(compose_2027_02.WORDINGS), compose_2027_02.compose
    ),
}
FINGERPRINTS = {
    "2026-11": "ac25292186b4beefd8761bb7a923989d6bdd002a3b02c7e1680afec719ecd5cc",
    "2027-01": "36088ea9fe5eaae9bab17838c585a602b738508255d4184974eb3a0230335c50",
    "2027-02": "0cbd5312ef45ca066e5dcc3319299ca502835f91ca7363940d3250c2dcb7ad9b",
    "2026-12": "4cc50b4cad7b91abb36cce18f36d9c5e90aa3f18ca146ab5c4d789eff2afe0d4",
}


def edition(name: str) -> Edition:
    """Return an edition by the name letters bear. Raises UnknownEdition."""
    if name not in EDITIONS:
        raise UnknownEdition(f"There is no edition {name!r} of the letters.")
    return EDITIONS[name]


def fingerprint(chosen: Edition) -> str:
    """Return the SHA-256 over the names and bytes of the edition's files and of the fonts."""
    digest = hashlib.sha256()
    for folder in (chosen.folder, FONTS):
        for path in sorted(folder.iterdir()):
            if path.is_file():
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.name} {content}\n".encode())
    return digest.hexdigest()
