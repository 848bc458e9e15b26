"""What a schedule takes a month, whatever the frequency of its payments. Pure.

For fixed obligations to income (rule book 9.2) a loan counts by what its payments of the coming
twelve months come to a month. Payments at a frequency are spread over the time they pay for, so
that an EMI is what it is down to the last one, and a weekly payment is 52 a year over 12 months. A
payment on a day of its own - a single repayment, agreed dates - is spread over the months until
the last of them. What is overdue is no burden a month: it is owed at once.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction

from apps.core import dates
from apps.core.money import money
from apps.schedules.terms import Frequency, Method

MONTHS = 12
PAYMENTS_A_YEAR = {
    Frequency.DAILY: 365,
    Frequency.WEEKLY: 52,
    Frequency.FORTNIGHTLY: 26,
    Frequency.FOUR_WEEKLY: 13,
    Frequency.SEMI_MONTHLY: 24,
    Frequency.MONTHLY: 12,
    Frequency.END_OF_MONTH: 12,
    Frequency.QUARTERLY: 4,
    Frequency.HALF_YEARLY: 2,
    Frequency.YEARLY: 1,
}
# Their payments fall due on days of their own.
_IRREGULAR = frozenset({Method.SINGLE, Method.CUSTOM})


def monthly(
    payments: Iterable[tuple[date, Decimal]],
    *,
    on: date,
    frequency: Frequency,
    method: Method,
    currency: str,
) -> Decimal:
    """Return what payments, as (due date, amount), take a month after a day, rounded half-up.

    Nothing where none is still to come. Where the first is more than a year away, all of them are
    spread. Payments of nothing, as in a time of grace, do not make the others smaller.
    """
    coming = sorted(one for one in payments if one[0] > on and one[1])
    if not coming:
        return Decimal(0)
    year = dates.add_months(on, MONTHS)
    counted = [one for one in coming if one[0] <= year] or coming
    months = _months(counted, on=on, frequency=frequency, method=method)
    total = Fraction(sum((amount for _due, amount in counted), Decimal(0)))
    return _rounded(total / months, currency)


def _months(
    counted: list[tuple[date, Decimal]], *, on: date, frequency: Frequency, method: Method
) -> Fraction:
    """Return how many months the payments pay for."""
    last = counted[-1][0]
    if method in _IRREGULAR or last > dates.add_months(on, MONTHS):
        whole = dates.months_between(on, last)
        return Fraction(whole if dates.add_months(on, whole) == last else whole + 1)
    return Fraction(len(counted) * MONTHS, PAYMENTS_A_YEAR[frequency])


def _rounded(exact: Fraction, currency: str) -> Decimal:
    return money(Decimal(exact.numerator) / Decimal(exact.denominator), currency)
