"""What came of a loan, day by day, as the app that keeps loans knows it. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """The principal of a loan, since when it is one, and what was taken off it on which days.

    `moved` are (day, amount): what was repaid, waived or written off of the principal, less what
    of that was taken back, and the rest that was given up and never paid out. `ended` is the day
    since which nothing is owed any more; a loan that `came_to_nothing` was given up before anything
    was paid out, and was never owed.
    """

    principal: Decimal
    since: date
    moved: tuple[tuple[date, Decimal], ...] = ()
    ended: date | None = None
    came_to_nothing: bool = False

    def left(self, on: date) -> Decimal | None:
        """Return what of the principal was owed, or to be paid out, at the end of a day.

        None before there was a loan.
        """
        if self.came_to_nothing:
            return _NOTHING
        if on < self.since:
            return None
        if self.ended is not None and on >= self.ended:
            return _NOTHING
        gone = sum((amount for day, amount in self.moved if day <= on), _NOTHING)
        return max(self.principal - gone, _NOTHING)
