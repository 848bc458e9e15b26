"""What a loan costs a month. Pure.

Formulas and oracles: rule book 9.1. Amounts are in the currency of the loan, rates are fractions
a year, terms are whole months. Nothing is rounded before the last step.
"""

import functools
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext

from apps.core import money
from apps.schedules import checks
from apps.schedules.burden import PAYMENTS_A_YEAR
from apps.schedules.terms import Frequency

_MONTHS_A_YEAR = 12
_DEAREST_FIRST = frozenset({"equal_principal", "flat"})
_ONE = Decimal(1)
# Factors of later steps are powers; nobody agrees on more digits.
_FACTOR_PLACES = Decimal("0.000001")
# Far above the 28 digits of the default context: 480 multiplications must not reach the paise.
_DIGITS = 50


class PricingRefused(ValueError):
    """Amount, rate or term cannot be priced."""


@dataclass(frozen=True)
class Steps:
    """Each `every` instalments are `factor` times those before, `a_year` of them a year."""

    every: int
    factor: Decimal
    a_year: int

    def at(self, number: int) -> Decimal:
        """Return the factor of the instalments after so many steps, of those before the first.

        What no terms allow is left as it is, for them to say.
        """
        found = self.factor**number
        return found if found > checks.LARGEST_FACTOR else found.quantize(_FACTOR_PLACES)


@dataclass(frozen=True)
class Repaid:
    """How a loan is paid back: the name of a product's schedule, and its steps if it has any."""

    schedule: str
    steps: Steps | None = None


LEVEL = Repaid("emi")


def repaid(
    schedule: str, *, frequency: str | None, every: int | None, factor: Decimal | None
) -> Repaid:
    """Return how a product's loans are paid back, by its schedule and its conditions if it has any.

    A product whose instalments step and that does not say how - it offers nothing - has no steps.
    """
    if schedule != "stepped" or frequency is None or every is None or factor is None:
        return Repaid(schedule)
    return Repaid(schedule, Steps(every, factor, PAYMENTS_A_YEAR[Frequency(frequency)]))


def level_payment(
    principal: Decimal, annual_rate: Decimal, term_months: int, currency: str
) -> Decimal:
    """Return the equal monthly instalment, rounded half-up to the currency's smallest unit.

    Rule book 9.1. Raises PricingRefused for an amount that is not positive, a negative rate or a
    term below one month.
    """
    return money.money(exact_payment(principal, annual_rate, term_months), currency)


def asked_payment(
    principal: Decimal, annual_rate: Decimal, term_months: int, currency: str, *, repaid: Repaid
) -> Decimal:
    """Return what a loan is taken to ask a month when a request is judged, rounded half-up.

    It is the largest regular instalment: the first where that is the largest - P/n + P·i of equal
    principal, and of a flat rate to the end - and the one after the last step within the term
    where instalments step. Everything else counts as if it were paid back in equal instalments, so
    that principal which is asked for only at the end does not look as if it cost nothing. Raises
    PricingRefused as `level_payment`.
    """
    found = exact_asked(principal, annual_rate, term_months, repaid=repaid)
    return money.money(found, currency)


def exact_asked(
    principal: Decimal, annual_rate: Decimal, term_months: int, *, repaid: Repaid
) -> Decimal:
    """Return what `asked_payment` does before rounding; it is a multiple of the principal."""
    if repaid.steps is not None:
        _check(principal, annual_rate, term_months)
        with localcontext(prec=_DIGITS):
            return principal * _largest_of_one(annual_rate, term_months, repaid.steps)
    if repaid.schedule not in _DEAREST_FIRST:
        return exact_payment(principal, annual_rate, term_months)
    _check(principal, annual_rate, term_months)
    with localcontext(prec=_DIGITS):
        return principal / term_months + principal * annual_rate / _MONTHS_A_YEAR


@functools.lru_cache(maxsize=1024)
def _largest_of_one(annual_rate: Decimal, term_months: int, steps: Steps) -> Decimal:
    """Return the largest of instalments that step, spread over months, of a loan of one unit.

    With growth g = 1 + rate / instalments a year, the base A solves
    g^n = A · sum over k of w(k)·g^(n-k), w(k) being the factor of instalment k (rule book 6.7).
    """
    exact = Decimal(term_months) * steps.a_year / _MONTHS_A_YEAR
    count = int(exact.to_integral_value(ROUND_CEILING))
    factors = [steps.at(number) for number in range((count - 1) // steps.every + 1)]
    with localcontext(prec=_DIGITS):
        growth = 1 + annual_rate / steps.a_year
        worth = Decimal(0)
        for index in range(count):
            worth = worth * growth + factors[index // steps.every]
        return growth**count / worth * max(factors) * steps.a_year / _MONTHS_A_YEAR


def exact_payment(principal: Decimal, annual_rate: Decimal, term_months: int) -> Decimal:
    """Return the instalment before rounding: P·i·(1+i)^n / ((1+i)^n - 1), i = rate / 12; P/n at 0.

    Rule book 9.1 and, for yearly rates that need it, 6.7. Raises PricingRefused as above.
    """
    _check(principal, annual_rate, term_months)
    with localcontext(prec=_DIGITS):
        monthly = annual_rate / _MONTHS_A_YEAR
        if not monthly:
            return principal / term_months
        growth = (1 + monthly) ** term_months
        return principal * monthly * growth / (growth - 1)


def largest_last_excess(annual_rate: Decimal, term_months: int, currency: str) -> Decimal:
    """Return the most by which the last instalment can exceed the others.

    Rounding each payment to the smallest unit q leaves at most q·((1+i)^n - 1)/i + q for the last
    one, whatever the amount.
    """
    _check(Decimal(1), annual_rate, term_months)
    unit = money.quantum(currency)
    with localcontext(prec=_DIGITS):
        monthly = annual_rate / _MONTHS_A_YEAR
        if not monthly:
            return unit * (term_months + 1)
        return unit * ((1 + monthly) ** term_months - 1) / monthly + unit


def _check(principal: Decimal, annual_rate: Decimal, term_months: int) -> None:
    if not principal.is_finite() or principal <= 0:
        raise PricingRefused("The amount must be positive.")
    if not annual_rate.is_finite() or annual_rate < 0:
        raise PricingRefused("The rate must not be negative.")
    if term_months < 1:
        raise PricingRefused("The term must be at least one month.")
