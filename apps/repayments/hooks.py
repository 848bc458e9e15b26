"""What apps above tell repayments: the borrower's own pages, whom to leave alone, what is over.

They register in their `AppConfig.ready()`; repayments does not know the portal.
"""

import uuid
from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal
from typing import Any

# `build(application, until)`: the address of the borrower's page of a loan, with https and host,
# that holds until the end of a day; empty where the lender has no public address.
OwnLink = Callable[[uuid.UUID, date], str]
# `build(token)`: the address at which a token of `stop_links` ends reminders.
StopLink = Callable[[str], str]

# `find(loan, day)`: what pays a loan off on a day, with what paying early costs.
PayOff = Callable[[Any, date], Decimal | None]

# `find(day)`: a query for the keys of the loans whose borrowers are left alone on a day.
LeftAlone = Callable[[date], Any]

# `write(actor, promise, entry, now)`: the contact in which a promise is given; it may refuse it.
WriteContact = Callable[..., Any]

# `find(keys)`: those of some loans whose rest was given up for good.
FindSettled = Callable[[Collection[uuid.UUID]], Collection[uuid.UUID]]

# `make_way(actor, loan, event, reason, now)`: whether something that leant on an event was taken
# back, which is about to be taken back; it may refuse that.
MakeWay = Callable[..., bool]

_ways: list[MakeWay] = []
_own_links: list[OwnLink] = []
_contacts: list[WriteContact] = []
_stop_links: list[StopLink] = []
_left_alone: list[LeftAlone] = []
_pay_offs: list[PayOff] = []
_settled: list[FindSettled] = []


def build_links(*, own: OwnLink, stop: StopLink) -> None:
    """Let reminders carry the address of the borrower's own page, and the one that ends them."""
    _own_links[:], _stop_links[:] = [own], [stop]


def own_link(application: uuid.UUID, until: date) -> str:
    """Return the address of the borrower's own page, or nothing while no app offers one."""
    return next((build(application, until) for build in _own_links), "")


def stop_link(token: str) -> str:
    """Return the address that ends reminders, or nothing while no app offers one."""
    return next((build(token) for build in _stop_links), "")


def leave_alone(find: LeftAlone) -> None:
    """Send no reminders about the loans that are found; what is owed and overdue stays so."""
    if find not in _left_alone:
        _left_alone.append(find)


def left_alone(day: date) -> list[Any]:
    """Return the queries for the loans whose borrowers are left alone on a day."""
    return [find(day) for find in _left_alone]


def tell_pay_off(find: PayOff) -> None:
    """Let the desk say what pays a loan off, where more comes in than is due."""
    _pay_offs[:] = [find]


def pay_off(loan: Any, day: date) -> Decimal | None:
    """Return what pays a loan off on a day, or nothing while no app says it."""
    return next((find(loan, day) for find in _pay_offs), None)


def know_settled(find: FindSettled) -> None:
    """Take no money on loans whose rest was given up for good."""
    _settled[:] = [find]


def settled(keys: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of some loans whose rest was given up for good; nobody knows, then none."""
    return {key for find in _settled for key in find(keys)} if keys else set()


def keep_contacts(write: WriteContact) -> None:
    """Let the contact be written down, and judged, in which a promise to pay is given."""
    _contacts[:] = [write]


def write_contact(**told: Any) -> None:
    """Write the contact down in which a promise is given, in the caller's transaction.

    Raises what stands against such a contact.
    """
    for write in _contacts:
        write(**told)


def lean_on_events(make_way: MakeWay) -> None:
    """Ask, before something that happened on an account is taken back, what leans on it."""
    if make_way not in _ways:
        _ways.append(make_way)


def make_way(**told: Any) -> bool:
    """Say whether something that leant on an event was taken back, in the caller's transaction.

    Raises what stands against taking the event back.
    """
    made = False
    for ask in _ways:
        made = ask(**told) or made
    return made
