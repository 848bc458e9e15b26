"""Where apps above take part, without scoring knowing them.

They register in their `AppConfig.ready()`: governance ends the trials of a segment whose champion
has changed.
"""

from collections.abc import Callable
from datetime import datetime

from apps.accounts.models import User

OnReign = Callable[[str, User, datetime], None]

_on_reign: list[OnReign] = []


def on_reign(listener: OnReign) -> None:
    """Call `listener(segment, actor, now)` in the transaction that gives it another champion."""
    if listener not in _on_reign:
        _on_reign.append(listener)


def reigns(segment: str, *, actor: User, now: datetime) -> None:
    """Tell everybody who asked that another model decides in a segment."""
    for listener in _on_reign:
        listener(segment, actor, now)
