"""Interest on a balance over a time: the one rule behind schedule, accrual and pay-off. Pure.

Interest is balance x annual rate x share of a year, the product first and one division last, in
50 digits: a half cent is then exactly a half cent, and rounds up.
"""

from datetime import date
from decimal import Context, Decimal
from fractions import Fraction

from apps.schedules.day_counts import share_of_year
from apps.schedules.terms import DayCount, Row

# Far above the 28 digits of the default context: 3,660 multiplications must not reach a cent.
EXACT = Context(prec=50)


def interest(
    balance: Decimal, annual_rate: Decimal, start: date, end: date, *, day_count: DayCount
) -> Decimal:
    """Return the simple interest on `balance` from `start` to `end`, not rounded.

    ValueError where `end` lies before `start`.
    """
    return over(balance, annual_rate, share_of_year(start, end, day_count))


def year_fraction(start: date, end: date, day_count: DayCount) -> Decimal:
    """Return the share of a year from `start` to `end`, in 50 digits; ValueError as above."""
    share = share_of_year(start, end, day_count)
    return EXACT.divide(Decimal(share.numerator), Decimal(share.denominator))


def accrued(
    balance: Decimal, annual_rate: Decimal, row: Row, day: date, *, day_count: DayCount
) -> Decimal:
    """Return the interest earned on `balance` in a row's period up to `day`, not rounded.

    On the due date it is exactly what the schedule charges, also where a whole month counts as
    thirty days and has fewer; before it, the day count's share and never more than that.
    """
    return over(balance, annual_rate, elapsed(row, day, day_count))


def elapsed(row: Row, day: date, day_count: DayCount) -> Fraction:
    """Return how much of a row's share of a year has passed by `day`."""
    if day >= row.due_on:
        return row.fraction
    if day <= row.starts_on:
        return Fraction(0)
    return min(share_of_year(row.starts_on, day, day_count), row.fraction)


def over(balance: Decimal, annual_rate: Decimal, share: Fraction) -> Decimal:
    """Return balance x rate x share of a year, not rounded."""
    product = EXACT.multiply(EXACT.multiply(balance, annual_rate), Decimal(share.numerator))
    return EXACT.divide(product, Decimal(share.denominator))
