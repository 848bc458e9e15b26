"""What is owed under an application, as apps above know it. Pure.

Collateral knows in what capacity somebody answers for an application. How much that comes to, the
apps above say: decisions what was granted, loans what is outstanding. For one application only the
uppermost app that knows it is heard, so nothing counts twice.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What an application comes to: an amount, the state it is in, and a loan's number if any.

    `is_owed` is False for what is only asked for.
    """

    amount: Decimal
    currency: str
    state: str
    reference: str = ""
    is_owed: bool = True


# None: it is over, and nobody answers for anything any more.
Source = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Owed | None]]

_sources: dict[str, tuple[int, Source]] = {}


def register(name: str, source: Source, *, order: int) -> None:
    """Have `source` asked about applications; of two that know one, the higher order is heard."""
    _sources[name] = (order, source)


def owed(applications: Collection[uuid.UUID]) -> dict[uuid.UUID, Owed]:
    """Return what each application comes to; one that nobody knows, or that is over, is left out.

    Each source is asked once.
    """
    heard: dict[uuid.UUID, Owed | None] = {}
    for _order, source in sorted(_sources.values(), key=lambda one: one[0]):
        heard.update(source(applications))
    return {key: found for key, found in heard.items() if found is not None}
