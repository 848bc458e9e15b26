"""What was paid on a made-up loan until it ended. SYNTHETIC: a rule, no observation. Pure.

A good loan is paid as agreed and, where its term is not over yet, paid off early; a bad one is
paid for some months and then no more, and nothing is recovered.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from apps.core import dates
from apps.core.money import money

_DIGITS = 50
_MONTHS_A_YEAR = 12
# Loans go bad within the year that the label looks at.
_FIRST_BAD_MONTH, _BAD_MONTHS = 3, 8


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What was agreed; the instalment is the one charged, rounded."""

    principal: Decimal
    annual_rate: Decimal
    term_months: int
    instalment: Decimal
    currency: str
    disbursed_date: date


@dataclass(frozen=True)
class Ending:
    """What came in until the last payment."""

    total_paid: Decimal
    last_payment_date: date


def repaid(contract: Contract, *, by: date) -> Ending:
    """Return the ending of a good loan: at its term, or paid off on `by` where that is sooner."""
    passed = dates.months_between(contract.disbursed_date, by)
    months = max(1, min(contract.term_months, passed))
    rest = Decimal(0) if months == contract.term_months else balance(contract, months)
    return _after(contract, months, rest)


def defaulted(contract: Contract, *, serial: int) -> Ending:
    """Return the ending of a bad loan: some instalments, by its serial number, and no more."""
    months = min(_FIRST_BAD_MONTH + serial % _BAD_MONTHS, contract.term_months - 1)
    return _after(contract, months, Decimal(0))


def balance(contract: Contract, months: int) -> Decimal:
    """Return what is owed after so many instalments: P·g - A·(g - 1)/i with g = (1 + i)^months."""
    with localcontext(prec=_DIGITS):
        rate = contract.annual_rate / _MONTHS_A_YEAR
        growth = (1 + rate) ** months
        owed = contract.principal * growth - contract.instalment * (growth - 1) / rate
        return money(max(owed, Decimal(0)), contract.currency)


def _after(contract: Contract, months: int, rest: Decimal) -> Ending:
    return Ending(
        total_paid=contract.instalment * months + rest,
        last_payment_date=dates.add_months(contract.disbursed_date, months),
    )
