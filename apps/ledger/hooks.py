"""What apps above tell the ledger at start-up: which loans a person may see, and how to show them.

Loans lie above: the ledger knows their keys only.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple, TypeVar

from django.db.models import Q, QuerySet

from apps.accounts.models import Entity

# Returns the keys of the loans that are withheld from a person: querysets of one column.
Withheld = Callable[[Any], list[QuerySet[Any, Any]]]
# Says whether a person may see the money of this loan.
Visible = Callable[[Any, uuid.UUID], bool]


class Shown(NamedTuple):
    """A loan as it is called on a page, with its address."""

    number: str
    url: str


Named = Callable[[Iterable[uuid.UUID]], Mapping[uuid.UUID, Shown]]
# Raises Conflict, saying why, where the books of an entity must not be closed up to a day yet. The
# last is the key of an entry, or none: see `require_closable`.
MayClose = Callable[[Entity, date, int | None], None]
Rows = TypeVar("Rows", bound=QuerySet[Any, Any])
_withheld: list[Withheld] = []
_visible: list[Visible] = []
_named: list[Named] = []
_may_close: list[MayClose] = []


def withhold(source: Withheld) -> None:
    """Leave out the entries of the loans `source(actor)` returns wherever entries are listed."""
    if source not in _withheld:
        _withheld.append(source)


def show_loans(*, visible: Visible, named: Named) -> None:
    """Say who may see which loan's money, and how loans are called on the ledger's pages."""
    if visible not in _visible:
        _visible.append(visible)
    if named not in _named:
        _named.append(named)


def before_closing(check: MayClose) -> None:
    """Ask this whenever a day is to be closed: it raises Conflict where something is left to do."""
    if check not in _may_close:
        _may_close.append(check)


def require_closable(entity: Entity, day: date, *, since: int | None = None) -> None:
    """Raise Conflict where an app above still has something to post up to this day.

    With the key of an entry it was asked before, when no entry above that key was there: nobody
    may post now, and whoever answers looks at nothing but what was posted since.
    """
    for check in _may_close:
        check(entity, day, since)


def not_withheld(rows: Rows, actor: Any) -> Rows:
    """Return the rows without those of withheld loans."""
    for source in _withheld:
        for keys in source(actor):
            # Entries of no loan stay: NOT IN alone would drop what is null.
            rows = rows.filter(Q(loan_id__isnull=True) | ~Q(loan_id__in=keys))
    return rows


def may_see(actor: Any, loan_id: uuid.UUID) -> bool:
    """Say whether the person may see what was posted to this loan."""
    return any(visible(actor, loan_id) for visible in _visible)


def names_of(loan_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, Shown]:
    """Return how these loans are called; one that nobody knows is not among them."""
    wanted = {key for key in loan_ids if key is not None}
    found: dict[uuid.UUID, Shown] = {}
    for named in _named if wanted else ():
        found |= named(wanted)
    return found
