"""What every page must say at its top, told by the apps above that know it.

They register at start-up. A notice stands until what it speaks of is over; it cannot be closed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Notice:
    """One thing everybody has to know: `tone` is one of a callout, `link` names the address."""

    tone: str
    title: str
    text: str
    url: str = ""
    link: str = ""


Source = Callable[[Any], list[Notice]]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Ask `source` for the notices of a signed-in person, on every page."""
    _sources.append(source)


def for_user(user: Any) -> list[Notice]:
    """Return the notices of a signed-in person, in the order of registration."""
    return [notice for source in _sources for notice in source(user)]
