"""What a borrower owes us and failed to pay, told by the apps above that keep loans.

They register in their `AppConfig.ready()`; where nobody has, it is not known, and a rule that
asks for it refers the case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.applications.models import Application


@dataclass(frozen=True)
class Borrowing:
    """The borrower's loans with us on the day of the application, this one left out.

    `defaults` counts loans in default; `owed` is the principal outstanding, in the application's
    currency, of loans that are not an approved application any more; `guaranteed` is what the
    borrower answers for of such loans of other people.
    """

    defaults: int
    owed: Decimal
    guaranteed: Decimal = Decimal(0)


# Of applications, as many as are asked about: what is known of each, in their order.
Source = Callable[[Sequence[Application]], Sequence[Borrowing]]
_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Ask `source` about every application that is assessed; about several at once."""
    _sources[name] = source


def forget(name: str) -> None:
    """Ask a source no longer."""
    _sources.pop(name, None)


def borrowing(application: Application) -> Borrowing | None:
    """Return what all sources know together, or None where nobody keeps loans."""
    [found] = borrowings([application])
    return found


def borrowings(chosen: Sequence[Application]) -> Sequence[Borrowing | None]:
    """Return for each application what `borrowing` returns; each source is asked once."""
    if not _sources:
        return [None] * len(chosen)
    answers = zip(*(source(chosen) for source in _sources.values()), strict=True)
    return [_together(found) for found in answers]


def _together(found: Sequence[Borrowing]) -> Borrowing:
    return Borrowing(
        defaults=sum(one.defaults for one in found),
        owed=sum((one.owed for one in found), Decimal(0)),
        guaranteed=sum((one.guaranteed for one in found), Decimal(0)),
    )
