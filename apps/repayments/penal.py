"""What is charged for instalments that are overdue. Pure.

Rule book 6.8: a penal charge on the overdue amount for the days it is overdue. It is no interest,
joins neither principal nor interest, and bears nothing itself: its base is unpaid principal and
interest of the contract, never a charge or a fee. Contracted interest may run on the same amount
where the product says so; that is interest.

Like interest, a charge is the sum since the due date, rounded once; a day adds the difference.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from apps.core.money import money
from apps.schedules.day_counts import share_of_year
from apps.schedules.interest import EXACT
from apps.schedules.terms import DayCount

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Unpaid:
    """From the end of a day on, so much principal and interest of an instalment is unpaid."""

    since: date
    amount: Decimal


def charge(unpaid: Sequence[Unpaid], day: date, *, annual_rate: Decimal, currency: str) -> Decimal:
    """Return the penal charge of an instalment for all days it is overdue by the end of a day.

    `unpaid` begins on the due date and is in the order of its days; a payment counts from the end
    of its day. The sum of amount x rate x days / 365, rounded half-up once.
    """
    return money(_ran(unpaid, day, annual_rate, DayCount.ACT_365), currency)


def contract_interest(
    unpaid: Sequence[Unpaid],
    day: date,
    *,
    annual_rate: Decimal,
    day_count: DayCount,
    currency: str,
) -> Decimal:
    """Return the contract's interest on an unpaid instalment by the end of a day, rounded once."""
    return money(_ran(unpaid, day, annual_rate, day_count), currency)


def overdue(
    due_on: date, amount: Decimal, payments: Iterable[tuple[date, Decimal]]
) -> tuple[Unpaid, ...]:
    """Return how an instalment's unpaid amount went from its due date on.

    `payments` are in the order of their days; those until the due date are behind the first figure.
    """
    found = [Unpaid(due_on, amount)]
    for day, paid in payments:
        left = found[-1].amount - paid
        if day <= found[-1].since:
            found[-1] = Unpaid(found[-1].since, left)
        else:
            found.append(Unpaid(day, left))
    return tuple(found)


def _ran(unpaid: Sequence[Unpaid], day: date, annual_rate: Decimal, day_count: DayCount) -> Decimal:
    ends = [*(one.since for one in unpaid[1:]), date.max]
    weight = Fraction(0)
    for one, end in zip(unpaid, ends, strict=True):
        last = min(day, end)
        if one.amount and last > one.since:
            weight += Fraction(one.amount) * share_of_year(one.since, last, day_count)
    if not weight:
        return ZERO
    product = EXACT.multiply(annual_rate, Decimal(weight.numerator))
    return EXACT.divide(product, Decimal(weight.denominator))
