"""How a loan stands on a day, what is to change of it, and the schedule that comes of it. Pure."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from apps.repayments.accruing import Span
from apps.schedules.terms import ZERO, Row, Terms


class Keeps(StrEnum):
    """What stays where the amount or the rate changes."""

    TERM = "term"  # the number of instalments; each becomes smaller, or larger
    INSTALMENT = "instalment"  # the instalment; there are fewer of them, or more


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a loan stands on a day.

    `rows` are all rows of the schedule in force, in their order. `earned` is the interest of the
    rows ahead that was earned by the end of the day, in the smallest unit.
    """

    day: date
    terms: Terms
    rows: tuple[Row, ...]
    earned: Decimal

    @property
    def kept(self) -> tuple[Row, ...]:
        """Return the rows that fell due: they stay as they are."""
        return tuple(row for row in self.rows if row.due_on <= self.day)

    @property
    def ahead(self) -> tuple[Row, ...]:
        """Return the rows that are due later."""
        return tuple(row for row in self.rows if row.due_on > self.day)

    @property
    def principal_ahead(self) -> Decimal:
        """Return the principal that is lent and not due yet."""
        ahead = self.ahead
        return sum((row.principal - row.capitalised for row in ahead), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """What changes on a day; what is None, zero or False stays as it is.

    `prepaid` is principal paid before it is due. `instalments` is the number of rows ahead,
    `first_due_on` their first due date. `principal_free` and `interest_free` say for how many of
    the next rows no principal, and no interest, is asked for - it is earned all the same, and falls
    due after them; where `extends`, as many rows are added at the end.
    """

    prepaid: Decimal = ZERO
    keeps: Keeps = Keeps.TERM
    annual_rate: Decimal | None = None
    instalments: int | None = None
    first_due_on: date | None = None
    principal_free: int = 0
    interest_free: int = 0
    extends: bool = False


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """The schedule after a change: rows that stayed, rows that are new, and how they earn.

    `spans` are those of the new rows from the day of the change on; what was earned before is the
    `carried` interest of the first of them.
    """

    terms: Terms
    kept: tuple[Row, ...]
    new: tuple[Row, ...]
    carried: Decimal
    spans: tuple[Span, ...] = field(default=())

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the whole schedule."""
        return (*self.kept, *self.new)
