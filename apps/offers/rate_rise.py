"""What a rise of the benchmark by a quarter of a per cent does to a loan. Pure.

Rule book 6.6, Annex A part 1, item 7: either the instalment rises, or there are more of them.
"""

import dataclasses
from dataclasses import dataclass
from decimal import Decimal, localcontext

from apps.schedules import building
from apps.schedules.cost import PERIODS_A_YEAR
from apps.schedules.terms import Schedule

RISE = Decimal("0.0025")
_DIGITS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """By how much the instalment rises, and how many instalments there would be more."""

    instalment: Decimal
    instalments: int


def of(schedule: Schedule) -> Effect:
    """Return what the rise does from the first instalment on, with level instalments.

    The first figure keeps the number of instalments, the second the amount of each.
    """
    terms = schedule.terms
    dearer = building.build(dataclasses.replace(terms, annual_rate=terms.annual_rate + RISE))
    middle = len(schedule.rows) // 2
    return Effect(
        instalment=dearer.rows[middle].instalment - schedule.rows[middle].instalment,
        instalments=_more(schedule),
    )


def _more(schedule: Schedule) -> int:
    """Return how many instalments more of the same amount pay back at the dearer rate."""
    terms, first = schedule.terms, schedule.rows[len(schedule.rows) // 2]
    amount = first.instalment - first.fee
    with localcontext(prec=_DIGITS):
        per_period = (terms.annual_rate + RISE) / PERIODS_A_YEAR[terms.frequency]
        owed, count = terms.lent, 0
        # What the last instalment would take beside the others: less than a whole one more.
        while owed > amount * Decimal("0.005") and count < 2 * len(schedule.rows):
            owed += owed * per_period - amount
            count += 1
    return max(0, count - len(schedule.rows))
