"""What a loan costs a month. Pure.

Formulas and oracles: rule book 9.1. Amounts are in the currency of the loan, rates are fractions
a year, terms are whole months. Nothing is rounded before the last step.
"""

from decimal import Decimal, localcontext

from apps.core import money

_MONTHS_A_YEAR = 12
_DEAREST_FIRST = frozenset({"equal_principal", "flat"})
# Far above the 28 digits of the default context: 480 multiplications must not reach the paise.
_DIGITS = 50


class PricingRefused(ValueError):
    """Amount, rate or term cannot be priced."""


def level_payment(
    principal: Decimal, annual_rate: Decimal, term_months: int, currency: str
) -> Decimal:
    """Return the equal monthly instalment, rounded half-up to the currency's smallest unit.

    Rule book 9.1. Raises PricingRefused for an amount that is not positive, a negative rate or a
    term below one month.
    """
    return money.money(exact_payment(principal, annual_rate, term_months), currency)


def asked_payment(
    principal: Decimal, annual_rate: Decimal, term_months: int, currency: str, *, schedule: str
) -> Decimal:
    """Return what a product's schedule is taken to ask a month when a request is judged.

    Where the first instalment is the largest it is that: P/n + P·i of equal principal, and of a
    flat rate to the end. Everything else counts as if it were paid back in equal instalments, so
    that principal which is asked for only at the end does not look as if it cost nothing. Raises
    PricingRefused as `level_payment`.
    """
    if schedule not in _DEAREST_FIRST:
        return level_payment(principal, annual_rate, term_months, currency)
    _check(principal, annual_rate, term_months)
    with localcontext(prec=_DIGITS):
        exact = principal / term_months + principal * annual_rate / _MONTHS_A_YEAR
    return money.money(exact, currency)


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
