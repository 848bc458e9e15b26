"""Charges that only arise when something happens: paying late, paying early. Pure.

Amounts are in the currency of the loan, rates are fractions.
"""

from datetime import date
from decimal import Decimal

from apps.core.money import money

_DAYS_A_YEAR = 365
# Rule book 6.11: sanctioned or renewed from this day on.
FREE_PREPAYMENT_FROM = date(2026, 1, 1)


def penal_charge(overdue: Decimal, annual_rate: Decimal, days: int, currency: str) -> Decimal:
    """Return the charge for an amount that is overdue for some days. Rule book 6.8.

    overdue x rate x days / 365, rounded half-up once. It is a charge of its own: it joins neither
    principal nor interest, and bears none.
    """
    return money(overdue * annual_rate * days / _DAYS_A_YEAR, currency)


def is_free_to_prepay(
    *, is_indian: bool, is_floating: bool, is_individual: bool, is_business: bool, sanctioned: date
) -> bool:
    """Say whether paying early must cost nothing. Rule book 6.11.

    Floating-rate loans to individuals for other than business purposes, in India, sanctioned or
    renewed from 1 January 2026, without a lock-in.
    """
    return (
        is_indian
        and is_floating
        and is_individual
        and not is_business
        and sanctioned >= FREE_PREPAYMENT_FROM
    )


def prepayment_charge(prepaid: Decimal, rate: Decimal, currency: str, *, is_free: bool) -> Decimal:
    """Return the charge for principal that is paid before its time; `rate` is a share of it."""
    return Decimal(0) if is_free else money(prepaid * rate, currency)
