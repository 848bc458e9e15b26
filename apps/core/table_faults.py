"""What is wrong with a row, or with a whole file, as codes; `sentences` has the words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.core.errors import DomainError


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a row: in which column (empty: in none), and why.

    `facts` fill the sentence, never with a personal value.
    """

    column: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the fault as it is stored."""
        facts = {name: _plain(value) for name, value in self.facts.items()}
        return {"column": self.column, "code": self.code, "facts": facts}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Fault":
        """Return a stored fault."""
        return cls(stored["column"], stored["code"], stored["facts"])


class CellRefused(ValueError):
    """A cell that cannot be read: a code and what fills its sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class FileUnreadable(Exception):
    """A file that nothing can be read from: a code and what fills its sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class FileRefused(DomainError):
    """The file cannot be taken as it is; the sentence says what is wrong with it."""


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | dict) else str(value)
