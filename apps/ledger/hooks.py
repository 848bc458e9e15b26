"""What apps above tell the ledger at start-up: which loans a person may see, and how to show them.

Loans lie above: the ledger knows their keys only.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from django.db.models import Q, QuerySet

# Returns the keys of the loans that are withheld from a person: querysets of one column.
Withheld = Callable[[Any], list[QuerySet[Any, Any]]]
# Says whether a person may see the money of this loan.
Visible = Callable[[Any, uuid.UUID], bool]


class Shown(NamedTuple):
    """A loan as it is called on a page, with its address."""

    number: str
    url: str


Named = Callable[[Iterable[uuid.UUID]], Mapping[uuid.UUID, Shown]]
Rows = TypeVar("Rows", bound=QuerySet[Any, Any])
_withheld: list[Withheld] = []
_visible: list[Visible] = []
_named: list[Named] = []


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
