"""A schedule whose interest stops at a sum, for a loan whose interest the law caps. Pure.

Rule book 2.2; how large the sum is, `in_duplum` says. Below a cap the schedule as agreed goes on
unseen: that is what people change, and what is in force again when the cap ends. What it would have
earned meanwhile beyond the cap is never asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from apps.repayments.account import Generation
from apps.repayments.accruing import Span
from apps.repayments.altering import Rescheduled, Standing
from apps.repayments.facts import Change, Fact
from apps.schedules.terms import Row

ZERO = Decimal(0)
# The change of a schedule that caps its interest, and the one that ends that.
CAPPED, LIFTED = "in_duplum", "in_duplum_lifted"
# A cap says so of itself where the schedule as agreed goes on below it and is in force again when
# it ends. One that does not is of before: what was agreed meanwhile changed the capped schedule,
# and when it ended the principal of that was spread anew. What was booked so stays so.
AS_AGREED = "as_agreed"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A cap while it lasts: since when, what it hides, and what may still be charged.

    `agreed` is the schedule as it would be in force without the cap. Of `room`, which was left when
    the schedule in force began, that one charges `planned`.
    """

    since: date
    agreed: Generation
    room: Decimal
    planned: Decimal

    def left(self, standing: Standing) -> Decimal:
        """Return how much may still be charged, by how the schedule in force stands on a day."""
        return self.room - (self.planned - future(standing))

    def after(self, day: date, charged: Decimal) -> "Ceiling":
        """Return the cap after a charge for being late, beside the schedule.

        What was owed on the day the cap began was counted before.
        """
        return replace(self, room=self.room - charged) if day > self.since else self


def is_made(fact: Fact) -> bool:
    """Say whether a fact is that interest stops, or runs again."""
    return isinstance(fact, Change) and fact.change in (CAPPED, LIFTED)


def is_as_agreed(fact: Fact) -> bool:
    """Say whether the schedule as agreed goes on below a cap; below one of before it does not."""
    return isinstance(fact, Change) and fact.parameters.get(AS_AGREED) is True


def is_lifted(fact: Fact) -> bool:
    """Say whether a fact is that interest runs again."""
    return isinstance(fact, Change) and fact.change == LIFTED


def future(standing: Standing) -> Decimal:
    """Return the interest that the rows ahead are still to earn."""
    return sum((row.interest for row in standing.ahead), ZERO) - standing.earned


def capped(standing: Standing, room: Decimal) -> Rescheduled:
    """Return the schedule whose rows ahead earn no more interest than there is room for.

    The first rows keep theirs; principal and due dates stay, and what was earned by the day does.
    """
    left, carried = room, standing.earned
    new: list[Row] = []
    spans: list[Span] = []
    for row in standing.ahead:
        begun = carried if row.interest else ZERO
        carried -= begun
        charge = max(ZERO, min(left, row.interest - begun))
        left -= charge
        interest = begun + charge
        new.append(replace(row, interest=interest, instalment=row.principal + interest + row.fee))
        if charge + row.capitalised:
            start = max(standing.day, row.starts_on)
            spans.append(Span(start, row.due_on, charge + row.capitalised))
    return Rescheduled(
        terms=standing.terms,
        kept=standing.kept,
        new=tuple(new),
        carried=standing.earned,
        spans=tuple(spans),
    )


def whole(standing: Standing) -> Rescheduled:
    """Return the schedule as it stands, as one that begins on the day."""
    return capped(standing, future(standing))


def agreed(standing: Standing, ceiling: Ceiling) -> Standing:
    """Return how a loan would stand without its cap, but for what that withheld by the day.

    `standing` is how it stands with the cap.
    """
    hidden, day = ceiling.agreed, standing.day
    ahead = [row for row in hidden.rows if row.due_on > day]
    resumed = _resumed(ahead, ran=hidden.unbilled(day), earned=standing.earned)
    return replace(standing, terms=hidden.terms, rows=(*standing.kept, *resumed))


def _resumed(rows: Sequence[Row], *, ran: Decimal, earned: Decimal) -> list[Row]:
    """Return rows ahead that ask for what was earned instead of all that would have been."""
    found: list[Row] = []
    for row in rows:
        begun = min(ran, row.interest)
        ran -= begun
        carried = earned if row.interest else ZERO
        earned -= carried
        interest = row.interest - begun + carried
        found.append(replace(row, interest=interest, instalment=row.principal + interest + row.fee))
    return found


def under(
    after: Rescheduled, room: Decimal, *, day: date, number: int, since: date
) -> tuple[Rescheduled, Ceiling]:
    """Return a schedule that was agreed on a day with its interest below a cap, and that cap."""
    standing = Standing(day=day, terms=after.terms, rows=after.rows, earned=after.carried)
    shown = capped(standing, room)
    hidden = Generation(
        number=number,
        event="",
        starts_on=day,
        terms=after.terms,
        rows=after.rows,
        spans=after.spans,
        begun=after.carried,
    )
    planned = future(replace(standing, rows=shown.rows))
    return shown, Ceiling(since=since, agreed=hidden, room=room, planned=planned)
