"""The PD over what is left of a loan's life, from that over twelve months. Pure.

One year is like the other: of those who have not defaulted by its beginning a share p defaults in
it, evenly through the year, where p is the PD over twelve months. With Y whole years and r months
left, and a loss discounted from the middle of its year at the rate i of the contract,

    w = (1 - p) / (1 + i)
    PD = p (1 + w + ... + w^(Y-1)) / (1 + i/2)  +  w^Y p r / (12 + i r/2)

What is lost is the balance of today: that it is paid down meanwhile is not counted on. Less than a
year counts as one, and the result is no less than p. Every step is rounded as stated, so that the
statement of a night (`statements.lifetime`) comes to the same digit.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

ONE = Decimal(1)
YEAR = 12
# Powers are squared and multiplied bit by bit: two to the sixth less one years at most.
BITS = 6
MOST_YEARS = 2**BITS - 1
# Digits of every step, and of the PD.
STEP_DIGITS = 12
PD_DIGITS = 6
_STEP = Decimal(1).scaleb(-STEP_DIGITS)
_PD = Decimal(1).scaleb(-PD_DIGITS)


def months_left(last_due: date | None, day: date) -> int:
    """Return the months from a day to the last due date, begun ones whole; none is a year."""
    if last_due is None:
        return YEAR
    months = YEAR * (last_due.year - day.year) + last_due.month - day.month
    return max(YEAR, months + (last_due.day > day.day))


def lifetime_pd(pd: Decimal, *, months: int, rate: Decimal) -> Decimal:
    """Return the discounted PD over so many months; `pd` is over twelve, `rate` a fraction a year.

    `pd` lies between 0 and 1, `rate` is not negative, `months` at least twelve.
    """
    years, rest = min(months // YEAR, MOST_YEARS), months % YEAR
    w = _rounded((ONE - pd) / (ONE + rate))
    power = _power(w, years)
    added = Decimal(years) if w == ONE else _rounded((ONE - power) / (ONE - w))
    whole = _rounded(pd * added / (ONE + rate / 2))
    part = _rounded(power * pd * rest / (YEAR + rate * rest / 2))
    found = (whole + part).quantize(_PD, rounding=ROUND_HALF_UP)
    return min(ONE, max(pd, found))


def _power(base: Decimal, exponent: int) -> Decimal:
    found = ONE
    for bit in range(BITS):
        if exponent >> bit & 1:
            found = _rounded(found * base)
        base = _rounded(base * base)
    return found


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_STEP, rounding=ROUND_HALF_UP)
