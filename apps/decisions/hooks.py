"""Where apps above take part in the life of a review case, without decisions knowing them.

They register in their `AppConfig.ready()`: the desk gives a new case its place in the queue, and
ends what it asked about a case that ends.
"""

from collections.abc import Callable
from datetime import datetime

from apps.accounts.models import User
from apps.decisions.models import ReviewCase

OnOpen = Callable[[ReviewCase], None]
OnEnd = Callable[[ReviewCase, User | str, datetime], None]

_on_open: list[OnOpen] = []
_on_end: list[OnEnd] = []


def on_open(listener: OnOpen) -> None:
    """Call `listener(case)` before a new case is written; it may set `due_at` and `service`."""
    if listener not in _on_open:
        _on_open.append(listener)


def on_end(listener: OnEnd) -> None:
    """Call `listener(case, actor, now)` in the transaction that closes or cancels a case."""
    if listener not in _on_end:
        _on_end.append(listener)


def opens(case: ReviewCase) -> None:
    """Tell everybody who asked that a case is about to be written."""
    for listener in _on_open:
        listener(case)


def ended(case: ReviewCase, *, actor: User | str, now: datetime) -> None:
    """Tell everybody who asked that a case was closed or cancelled."""
    for listener in _on_end:
        listener(case, actor, now)
