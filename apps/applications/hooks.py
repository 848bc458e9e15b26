"""Where apps above take part, without applications knowing them.

They register in their `AppConfig.ready()`: decisions ends waiting work when an application is
withdrawn or changed after it was decided, loans refuses both once a loan was opened and knows under
which nothing was lent, and decisions adds the decision and its reasons to what the API reads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.applications.models import Application

OnWithdraw = Callable[[Application, User, datetime], None]
Narrow = Callable[[QuerySet[Application]], QuerySet[Application]]


@dataclass(frozen=True)
class ReadExtra:
    """A field more in the API's answer for one application.

    `read(application, actor)` returns its JSON value; `serializer` describes it for OpenAPI and
    may be a serializer or a field.
    """

    read: Callable[[Application, User], Any]
    serializer: Any


_on_withdraw: list[OnWithdraw] = []
_on_change: list[OnWithdraw] = []
_unlent: list[Narrow] = []
read_extras: dict[str, ReadExtra] = {}


def on_withdraw(listener: OnWithdraw) -> None:
    """Call `listener(application, actor, now)` inside the transaction that withdraws."""
    if listener not in _on_withdraw:
        _on_withdraw.append(listener)


def on_change(listener: OnWithdraw) -> None:
    """Call `listener(application, actor, now)` before a decided request is changed."""
    if listener not in _on_change:
        _on_change.append(listener)


def know_unlent(narrow: Narrow) -> None:
    """Ask `narrow` which of some applications nothing was lent under."""
    if narrow not in _unlent:
        _unlent.append(narrow)


def add_read_extra(name: str, extra: ReadExtra) -> None:
    """Add a field to what the API reads about one application."""
    read_extras[name] = extra


def withdrawn(application: Application, *, actor: User, now: datetime) -> None:
    """Tell everybody who asked that an application was withdrawn."""
    for listener in _on_withdraw:
        listener(application, actor, now)


def changed(application: Application, *, actor: User, now: datetime) -> None:
    """Tell everybody who asked that a decided request is about to change."""
    for listener in _on_change:
        listener(application, actor, now)


def unlent(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Return the applications under which nothing was lent; all of them where nobody lends."""
    for narrow in _unlent:
        rows = narrow(rows)
    return rows
