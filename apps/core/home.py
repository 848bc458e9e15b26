"""What everybody's start page is made of, registered by each app's `home.py`. Pure.

Parts for people: what waits for a person, with its number; panels; and what one begins from there.
Each names the rights of which one suffices; who holds none of them does not get it. Beside them the
work of the machine, whose backlog is for those who keep it running.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

Context = dict[str, Any]
HALF, WHOLE = 6, 12


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One kind of thing that waits for a person; `count` says how many, of those the person sees.

    Its address is `url_name` with `query`, or the `anchor` of a panel on the start page itself.
    What is `pressing` is late already, or was broken.
    """

    name: str
    label: object
    icon: str
    order: int
    rights: tuple[str, ...]
    count: Callable[[Any, datetime], int]
    url_name: str = ""
    query: str = ""
    anchor: str = ""
    pressing: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of the start page: `gather` returns what its template shows as `part`.

    None leaves the panel out. What is to be done has a lower `order` than what there is.
    """

    name: str
    template: str
    order: int
    rights: tuple[str, ...]
    gather: Callable[[Any, datetime], Context | None]
    width: int = WHOLE


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """A task that is begun from the start page, with one key."""

    name: str
    label: object
    url_name: str
    icon: str
    order: int
    rights: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True)
class Backlog:
    """How much of a work of the machine waits, and since when the oldest does."""

    number: int
    oldest: datetime | None


@dataclass(frozen=True, kw_only=True)
class Work:
    """One work of the machine; `backlog` counts rows and tells of no person.

    What waits for longer than `patience` of minutes is a sign that no worker takes it.
    """

    name: str
    label: object
    order: int
    backlog: Callable[[], Backlog]
    patience: int = 10


def left(shown: Sequence[Any], most: int, count: Callable[[], int]) -> int:
    """Return how many there are beside those shown; they are counted only where there may be."""
    return count() - len(shown) if len(shown) == most else 0


class Part(Protocol):
    """What all kinds of parts have."""

    @property
    def name(self) -> str: ...
    @property
    def order(self) -> int: ...
    @property
    def rights(self) -> tuple[str, ...]: ...


AnyPart = TypeVar("AnyPart", bound=Part)
_waiting: dict[str, Waiting] = {}
_panels: dict[str, Panel] = {}
_beginnings: dict[str, Beginning] = {}
_works: dict[str, Work] = {}
_KEPT: dict[type, dict[str, Any]] = {
    Waiting: _waiting,
    Panel: _panels,
    Beginning: _beginnings,
    Work: _works,
}


def register(*parts: Waiting | Panel | Beginning | Work) -> None:
    """Add parts at start-up. Raises ValueError for a name that is taken, or without any right."""
    for part in parts:
        kept = _KEPT[type(part)]
        if part.name in kept:
            msg = f"{part.name} is on the start page already"
            raise ValueError(msg)
        if not isinstance(part, Work) and not part.rights:
            msg = f"{part.name} names no right"
            raise ValueError(msg)
        kept[part.name] = part


def works() -> list[Work]:
    """Return the works of the machine, in order."""
    return sorted(_works.values(), key=lambda work: (work.order, work.name))


def waiting(actor: Any) -> list[Waiting]:
    """Return what could wait for a person, in order."""
    return _held(actor, _waiting.values())


def panels(actor: Any) -> list[Panel]:
    """Return the panels of a person, each once however many rights show it, in order."""
    return _held(actor, _panels.values())


def beginnings(actor: Any) -> list[Beginning]:
    """Return what a person may begin, in order."""
    return _held(actor, _beginnings.values())


def panel(name: str) -> Panel:
    """Return the panel of that name. Raises KeyError where there is none."""
    return _panels[name]


def counted(name: str) -> Waiting:
    """Return what waits under that name. Raises KeyError where there is nothing."""
    return _waiting[name]


def _held(actor: Any, parts: Iterable[AnyPart]) -> list[AnyPart]:
    found = [part for part in parts if any(actor.has_perm(right) for right in part.rights)]
    return sorted(found, key=lambda part: (part.order, part.name))
