"""What a borrower owes us and failed to pay, told by the apps above that keep loans.

They register in their `AppConfig.ready()`; where nobody has, it is not known, and a rule that
asks for it refers the case.
"""

from collections.abc import Callable
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


Source = Callable[[Application], Borrowing]
_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Ask `source` about every application that is assessed."""
    _sources[name] = source


def forget(name: str) -> None:
    """Ask a source no longer."""
    _sources.pop(name, None)


def borrowing(application: Application) -> Borrowing | None:
    """Return what all sources know together, or None where nobody keeps loans."""
    if not _sources:
        return None
    found = [source(application) for source in _sources.values()]
    return Borrowing(
        defaults=sum(one.defaults for one in found),
        owed=sum((one.owed for one in found), Decimal(0)),
        guaranteed=sum((one.guaranteed for one in found), Decimal(0)),
    )
