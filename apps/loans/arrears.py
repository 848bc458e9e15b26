"""How a schedule stands on a day: each instalment's state, what is overdue, what comes next. Pure.

An instalment is overdue from the day after its due date. Days past due count the calendar days
since the oldest due date that is not paid in full; what class that makes is the regulator's rule
and day-end's work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeVar


class State(StrEnum):
    """How one instalment stands on a day."""

    NOTHING = "nothing"
    PAID = "paid"
    OVERDUE = "overdue"
    TODAY = "today"
    PARTLY = "partly"
    PLANNED = "planned"


class Due(Protocol):
    """What an instalment has to say: when it is due, how much, and what of it was paid."""

    @property
    def due_date(self) -> date:
        """When it falls due."""

    @property
    def due(self) -> Decimal:
        """What falls due."""

    @property
    def paid(self) -> Decimal:
        """What was paid of it."""


One = TypeVar("One", bound=Due)


@dataclass(frozen=True, slots=True)
class Arrears:
    """What is overdue on a day: how much, of how many instalments, since when."""

    amount: Decimal
    instalments: int
    since: date | None
    days: int


def state(one: Due, day: date) -> State:
    """Return how an instalment stands at the beginning of a day."""
    if not one.due:
        return State.NOTHING
    if one.paid >= one.due:
        return State.PAID
    if one.due_date < day:
        return State.OVERDUE
    if one.due_date == day:
        return State.TODAY
    return State.PARTLY if one.paid > 0 else State.PLANNED


def arrears(rows: Sequence[Due], day: date) -> Arrears:
    """Return what is overdue on a day."""
    late = [one for one in rows if state(one, day) == State.OVERDUE]
    since = min((one.due_date for one in late), default=None)
    return Arrears(
        amount=sum((one.due - one.paid for one in late), Decimal(0)),
        instalments=len(late),
        since=since,
        days=(day - since).days if since else 0,
    )


def paid_ahead_of(one: Due | None, advances: Decimal) -> Decimal:
    """Return what of an instalment is paid by what was paid ahead; nothing where there is none."""
    return min(one.due - one.paid, advances) if one is not None else Decimal(0)


def next_due(rows: Sequence[One], day: date) -> One | None:
    """Return the first instalment that is not paid and not overdue, or None."""
    open_ = [one for one in rows if one.due_date >= day and one.paid < one.due]
    return min(open_, key=lambda one: one.due_date, default=None)
