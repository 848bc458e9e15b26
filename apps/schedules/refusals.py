"""Terms that no schedule can be made of, said so that a person can mend them. Pure.

A pattern is marked for translation here. Who has readers registers a voice at start-up, and a
sentence is then said in the language of whoever reads it; without one it is said in English.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apps.core.errors import DomainError


def gettext_noop(text: str) -> str:
    """Mark a text for translation; the name is the one the extraction looks for."""
    return text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with places for values, which an empty `values` leaves as it is."""

    pattern: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return _voices[-1](self) if _voices else self.pattern % self.values


_voices: list[Callable[[Sentence], str]] = []


def said_by(voice: Callable[[Sentence], str]) -> None:
    """Let sentences be said by `voice`; once, at start-up."""
    _voices[:] = [voice]


class TermsRefused(DomainError):
    """The terms make no schedule.

    `code` is the first fault's, `sentence` its Sentence; `fields` gives each wrong field of
    `Terms` its own Sentence (rows and parts by their path, such as `grace.principal`).
    """


def refused(name: str, code: str, pattern: str, **values: object) -> TermsRefused:
    """Return the refusal of one field, under a code that machines may rely on."""
    sentence = Sentence(pattern, values)
    return TermsRefused(code, sentence, fields={name: sentence})


class Faults:
    """The faults found so far: one sentence a field, the first found is the headline."""

    def __init__(self) -> None:
        self._code = ""
        self._fields: dict[str, Sentence] = {}

    def add(self, name: str, code: str, pattern: str, **values: object) -> None:
        """Note what is wrong with a field, unless something is already."""
        self._code = self._code or code
        self._fields.setdefault(name, Sentence(pattern, values))

    def raise_if_any(self) -> None:
        """Raise TermsRefused with all that was noted."""
        if self._fields:
            headline = next(iter(self._fields.values()))
            raise TermsRefused(self._code, headline, fields=self._fields)
