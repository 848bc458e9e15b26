"""A schedule whose interest stops at a sum, for a loan whose interest the law caps. Pure.

Rule book 2.2; how large the sum is, `in_duplum` says.
"""

from dataclasses import replace
from decimal import Decimal

from apps.repayments.accruing import Span
from apps.repayments.rescheduling import Rescheduled, Standing
from apps.schedules.terms import Row

ZERO = Decimal(0)
# The change of a schedule that caps its interest, and the one that ends that.
CAPPED, LIFTED = "in_duplum", "in_duplum_lifted"


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
