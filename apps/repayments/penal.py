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
from typing import TypeVar

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


@dataclass(frozen=True, slots=True)
class Rate:
    """From the end of a day on, the contract's interest runs at so much a year."""

    since: date
    annual: Decimal


def charge(unpaid: Sequence[Unpaid], day: date, *, annual_rate: Decimal, currency: str) -> Decimal:
    """Return the penal charge of an instalment for all days it is overdue by the end of a day.

    `unpaid` begins on the due date and is in the order of its days; a payment counts from the end
    of its day. The sum of amount x rate x days / 365, rounded half-up once.
    """
    rates = (Rate(date.min, annual_rate),)
    return money(_exact(_ran(unpaid, day, rates, DayCount.ACT_365)), currency)


def contract_interest(
    unpaid: Sequence[Unpaid],
    day: date,
    *,
    rates: Sequence[Rate],
    day_count: DayCount,
    currency: str,
) -> Decimal:
    """Return the contract's interest on an unpaid instalment by the end of a day, rounded once.

    `rates` are in the order of their days, the first no later than the due date.
    """
    return money(_exact(_ran(unpaid, day, rates, day_count)), currency)


def running(
    unpaid: Sequence[Unpaid], rates: Sequence[Rate], day_count: DayCount
) -> tuple[date, Fraction, Decimal]:
    """Return since when nothing changed, what ran until then exactly, and the rate since.

    From that day on amount x rate x share of a year since it comes on top.
    """
    start = max(unpaid[-1].since, rates[-1].since)
    return start, _ran(unpaid, start, rates, day_count), rates[-1].annual


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


def _ran(
    unpaid: Sequence[Unpaid], day: date, rates: Sequence[Rate], day_count: DayCount
) -> Fraction:
    """Return amount x rate x share of a year, summed over the days by the end of a day, exactly."""
    ran = Fraction(0)
    for one, ends_on in _times(unpaid):
        for rate, changes_on in _times(rates):
            start = max(one.since, rate.since)
            end = min(day, ends_on, changes_on)
            if one.amount and rate.annual and start < end:
                share = share_of_year(start, end, day_count)
                ran += Fraction(one.amount) * Fraction(rate.annual) * share
    return ran


_Since = TypeVar("_Since", Unpaid, Rate)


def _times(steps: Sequence[_Since]) -> Iterable[tuple[_Since, date]]:
    """Return each step with the day on which the next one begins."""
    ends = [*(one.since for one in steps[1:]), date.max]
    return zip(steps, ends, strict=True)


def _exact(value: Fraction) -> Decimal:
    return EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
