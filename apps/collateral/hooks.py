"""Where apps above take part, without collateral knowing them. Pure.

Loans says at start-up under which applications money is still owed: what secures them is not
released.
"""

import uuid
from collections.abc import Callable, Collection

Live = Callable[[Collection[uuid.UUID]], Collection[uuid.UUID]]

_live: list[Live] = []


def know_live(ask: Live) -> None:
    """Ask `ask` which of some applications have a loan under which money is or will be owed."""
    if ask not in _live:
        _live.append(ask)


def live(applications: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return the applications with a loan that is not over; none where nobody lends."""
    return {found for ask in _live for found in ask(applications)}
