"""Where apps above take part, without applications knowing them.

They register in their `AppConfig.ready()`: decisions ends waiting work when an application is
withdrawn or changed after it was decided, loans refuses both once a loan was opened, knows under
which nothing was lent, what is left of each loan and what each takes a month, and decisions adds
the decision and its reasons to what the API reads.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import DecimalField, Q, QuerySet, Value

from apps.accounts.models import User
from apps.applications.lent import Lent
from apps.applications.models import Application
from apps.applications.own_debts import OwnDebt, OwnDebts

# Under these something can be owed: what was granted, and what was lent elsewhere and taken on.
OWING = ("approved", "historic")
OnWithdraw = Callable[[Application, User, datetime], None]
Narrow = Callable[[QuerySet[Application]], QuerySet[Application]]
Burdens = Callable[[Collection[uuid.UUID], date], OwnDebts]


@dataclass(frozen=True)
class Lending:
    """What an app that keeps loans knows of the applications under which they were made.

    The first four are parts of a query about rows of which `of` is the path to the application.
    `left(of)`: what of the principal is owed or still to be paid out; nothing where the loan is
    over, NULL where there is none. `none(of)`: there is no loan. `runs(of)`: there is one that is
    not over. `booked(of)`: one is, or was, on the books. `histories(applications)` says of many
    what was left, day by day.
    """

    left: Callable[[str], Any]
    none: Callable[[str], Q]
    runs: Callable[[str], Q]
    booked: Callable[[str], Q]
    histories: Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Lent]]


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
_lending: list[Lending] = []
_burdens: list[Burdens] = []
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


def know_lending(lending: Lending) -> None:
    """Ask `lending` what is left of the loans under applications."""
    _lending[:] = [lending]


def know_burdens(burdens: Burdens) -> None:
    """Ask `burdens(customers, on)` what running loans take a month from a day on."""
    if burdens not in _burdens:
        _burdens.append(burdens)


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


def left(of: str = "") -> Any:
    """Return the expression for what is left of the principal lent; NULL where nobody lends."""
    for lending in _lending:
        return lending.left(of)
    return Value(None, output_field=DecimalField(max_digits=18, decimal_places=2))


def is_owed(of: str = "") -> Q:
    """Return the condition that something is or will be owed to us under an application.

    It is approved and no loan was opened, or there is a loan that is not over.
    """
    for lending in _lending:
        granted = lending.none(of) & Q(**{f"{of}status": "approved"})
        return Q(**{f"{of}status__in": OWING}) & (granted | lending.runs(of))
    return Q(**{f"{of}status": "approved"})


def was_owed(of: str = "") -> Q:
    """Return the condition that something is or was owed to us, whatever became of it since."""
    granted = Q(**{f"{of}status": "approved"})
    for lending in _lending:
        return granted | (Q(**{f"{of}status__in": OWING}) & lending.booked(of))
    return granted


def histories(applications: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Lent]:
    """Return what came of the loans under applications; one without a loan is left out."""
    for lending in _lending:
        return lending.histories(applications)
    return {}


def own_debts(
    customers: Collection[uuid.UUID], *, on: date, besides: Collection[uuid.UUID] = ()
) -> dict[uuid.UUID, tuple[OwnDebt, ...]]:
    """Return what customers pay us from a day on; what comes of some applications is left out.

    Who pays us nothing is left out. Each app that knows is asked once about all of them.
    """
    found: dict[uuid.UUID, tuple[OwnDebt, ...]] = {}
    for burdens in _burdens:
        for customer, debts in burdens(customers, on).items():
            others = tuple(one for one in debts if one.application not in besides)
            if others:
                found[customer] = (*found.get(customer, ()), *others)
    return found
