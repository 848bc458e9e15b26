"""Roll rates: of the loans in a band a month ago, the share in each band now. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from apps.portfolio.bands import ON_BOOKS, ORDER, Band
from apps.portfolio.vintages import Sum

_PLACE = {band: place for place, band in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Cell:
    """Loans that were in one band and are in another; the amount is the principal they had then."""

    before: Band
    after: Band
    sum: Sum


@dataclass(frozen=True)
class Matrix:
    """A migration matrix: rows are the bands before, columns the bands after."""

    cells: dict[tuple[Band, Band], Sum] = field(default_factory=dict)

    def sum(self, before: Band, after: Band) -> Sum:
        """Return what went from a band to another."""
        return self.cells.get((before, after), Sum())

    def whole(self, before: Band) -> Sum:
        """Return all that was in a band before."""
        found = Sum()
        for after in ORDER:
            found += self.sum(before, after)
        return found

    def by_number(self, before: Band, after: Band) -> Decimal | None:
        """Return the share of loans that went there; None where the band was empty."""
        return _share(self.sum(before, after).loans, self.whole(before).loans)

    def by_amount(self, before: Band, after: Band) -> Decimal | None:
        """Return the share of principal that went there; None where the band was empty."""
        return _share(self.sum(before, after).amount, self.whole(before).amount)

    def worse(self, before: Band) -> Sum:
        """Return what rolled forward: into a later band, or was written off."""
        found = Sum()
        for after in ORDER[_PLACE[before] + 1 :]:
            if after != Band.CLOSED:
                found += self.sum(before, after)
        return found

    def cured(self, before: Band) -> Sum:
        """Return what is late no more: current again, or repaid in full."""
        return self.sum(before, Band.CURRENT) + self.sum(before, Band.CLOSED)


def matrix(cells: Iterable[Cell]) -> Matrix:
    """Return the matrix of some cells; cells of one place are added up.

    Raises ValueError for a loan that was not on the books before.
    """
    found: dict[tuple[Band, Band], Sum] = {}
    for one in cells:
        if one.before not in ON_BOOKS:
            raise ValueError(f"What was {one.before} before was not on the books.")
        key = (one.before, one.after)
        found[key] = found.get(key, Sum()) + one.sum
    return Matrix(found)


def _share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return Decimal(part) / Decimal(whole) if whole else None
