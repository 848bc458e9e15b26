"""What a loan is expected to earn or lose, and what one that has ended did. Pure, in Decimal.

Expected loss = PD x loss given default x amount: all of the amount is taken as outstanding.
Expected profit = (1 - PD) x (interest - funds + fees - operating cost)
                - PD x (loss given default x amount - fees + operating cost).
Interest is what the level instalments, rounded as they are charged, come to beyond the amount;
it is counted only for loans that are repaid. Funds cost their yearly rate on the balance that the
contract foresees from month to month. Nothing is discounted.

Realised = all that was paid - cost of recovery - principal - funds up to the last payment. What
was recovered after default is part of what was paid, so it is not added again.
"""

import functools
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from apps.core import dates, money
from apps.products import pricing

_DIGITS = 50
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What the books cannot tell: fractions, a yearly rate, and money for each loan."""

    currency: str
    loss_given_default: Decimal
    cost_of_funds: Decimal
    fee_share: Decimal
    operating_cost: Decimal


@dataclass(frozen=True)
class Expected:
    """What is expected of a loan before it is made, rounded."""

    loss: Decimal
    profit: Decimal


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A loan that has ended, as it was lent and paid; None is not known."""

    principal: Decimal
    annual_rate: Decimal
    term_months: int
    disbursed_date: date
    defaulted: bool
    total_paid: Decimal | None
    recovery_cost: Decimal | None
    last_payment_date: date | None


def expected(
    amount: Decimal, annual_rate: Decimal, term_months: int, *, pd: Decimal, given: Assumptions
) -> Expected:
    """Return the expected loss and profit of one loan, each rounded once."""
    with localcontext(prec=_DIGITS):
        interest = interest_of(amount, annual_rate, term_months, given.currency)
        years = balance_years(amount, annual_rate, term_months)
        once = given.fee_share * amount - given.operating_cost
        lost = given.loss_given_default * amount
        gain = interest - given.cost_of_funds * years + once
        profit = (1 - pd) * gain - pd * (lost - once)
        return Expected(
            loss=money.money(pd * lost, given.currency),
            profit=money.money(profit, given.currency),
        )


def realised(loan: Ended, *, given: Assumptions) -> Decimal | None:
    """Return what a loan that has ended earned or lost; None where nobody knows what was paid."""
    if loan.total_paid is None:
        return None
    with localcontext(prec=_DIGITS):
        months = months_outstanding(loan)
        years = balance_years(loan.principal, loan.annual_rate, loan.term_months, months=months)
        cost = (loan.recovery_cost or Decimal(0)) + given.cost_of_funds * years
        return money.money(loan.total_paid - loan.principal - cost, given.currency)


def months_outstanding(loan: Ended) -> int:
    """Return for how many months of its schedule a loan bound funds: up to its last payment.

    The whole term where no payment is known.
    """
    if loan.last_payment_date is None:
        return loan.term_months
    months = dates.months_between(loan.disbursed_date, loan.last_payment_date)
    return min(max(months, 0), loan.term_months)


def interest_of(amount: Decimal, annual_rate: Decimal, term_months: int, currency: str) -> Decimal:
    """Return what all instalments come to beyond the amount."""
    payment = pricing.level_payment(amount, annual_rate, term_months, currency)
    return payment * term_months - amount


def balance_years(
    amount: Decimal, annual_rate: Decimal, term_months: int, *, months: int | None = None
) -> Decimal:
    """Return the balance outstanding in each of the first `months`, summed, in years of money.

    Without `months` over the whole term: the balances B_0 ... B_(n-1) of the unrounded schedule,
    divided by 12.
    """
    return amount * _unit_years(annual_rate, term_months, term_months if months is None else months)


@functools.lru_cache(maxsize=20_000)
def _unit_years(annual_rate: Decimal, term_months: int, months: int) -> Decimal:
    """Return `balance_years` of an amount of 1.

    Interest paid in m months is m payments less the principal repaid, and is also the monthly
    rate times the sum of the balances.
    """
    with localcontext(prec=_DIGITS):
        rate = annual_rate / _MONTHS_A_YEAR
        if not rate:
            return (months - Decimal(months * (months - 1)) / (2 * term_months)) / _MONTHS_A_YEAR
        growth = (1 + rate) ** term_months
        left = (growth - (1 + rate) ** months) / (growth - 1)
        payment = pricing.exact_payment(Decimal(1), annual_rate, term_months)
        return (months * payment - (1 - left)) / annual_rate
