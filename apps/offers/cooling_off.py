"""What it costs to step back from a loan within the cooling-off time. Pure.

Rule book 6.5: principal and the proportionate annual percentage rate, no penalty; a one-time fee is
kept only where the statement said so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from apps.core.money import money

_DAYS_A_YEAR = 365


class ExitRefused(ValueError):
    """There is nothing to compute: the day lies before the payment, or an amount is no amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitQuote:
    """What a borrower pays to be quit of a loan on a day.

    `amount` = `principal` - `returned_fees` + `cost`: whoever got less than the principal because
    fees were taken off beforehand does not pay back what he never had, but for `kept_fees`.
    `cost` is `apr` on what was really paid out (`net_disbursed`) for the days he had it.
    """

    principal: Decimal
    net_disbursed: Decimal
    currency: str
    apr: Decimal
    paid_out_date: date
    exit_date: date
    days: int
    cost: Decimal
    kept_fees: Decimal
    returned_fees: Decimal
    amount: Decimal

    def to_json(self) -> dict[str, Any]:
        """Return the quote as JSON types: amounts and days as text."""
        return {
            name: value if isinstance(value, int) else str(value)
            for name, value in ((name, getattr(self, name)) for name in self.__slots__)
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "ExitQuote":
        """Return the quote written by `to_json`. Raises KeyError for anything else."""
        values: dict[str, Any] = {
            name: Decimal(written[name])
            for name in (
                *("principal", "net_disbursed", "apr", "cost"),
                *("kept_fees", "returned_fees", "amount"),
            )
        }
        for name in ("paid_out_date", "exit_date"):
            values[name] = date.fromisoformat(written[name])
        return cls(currency=written["currency"], days=int(written["days"]), **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What was paid out and taken off: amounts in `currency`, `apr` a fraction a year.

    `upfront_fees` were taken off the principal; `kept_fees` are those of them that the statement
    said are kept when the borrower steps back.
    """

    principal: Decimal
    currency: str
    apr: Decimal
    paid_out_date: date
    upfront_fees: Decimal
    kept_fees: Decimal


def exit_quote(paid: Paid, *, on: date) -> ExitQuote:
    """Return what stepping back on a day costs, rounded half-up once, on the cost.

    amount = principal - (upfront fees - kept fees) + (principal - upfront fees) x APR x days / 365.
    On the day of the payment nothing is due but what was received and the fees that are kept.
    Raises ExitRefused.
    """
    _check(paid, on)
    net = paid.principal - paid.upfront_fees
    days = (on - paid.paid_out_date).days
    cost = money(net * paid.apr * days / _DAYS_A_YEAR, paid.currency)
    returned = paid.upfront_fees - paid.kept_fees
    return ExitQuote(
        principal=paid.principal,
        net_disbursed=net,
        currency=paid.currency,
        apr=paid.apr,
        paid_out_date=paid.paid_out_date,
        exit_date=on,
        days=days,
        cost=cost,
        kept_fees=paid.kept_fees,
        returned_fees=returned,
        amount=paid.principal - returned + cost,
    )


def _check(paid: Paid, on: date) -> None:
    if on < paid.paid_out_date:
        raise ExitRefused("Nobody steps back from a loan before it was paid out.")
    if not paid.apr.is_finite() or paid.apr < 0:
        raise ExitRefused("The annual percentage rate must not be negative.")
    if not 0 <= paid.kept_fees <= paid.upfront_fees < paid.principal:
        raise ExitRefused("Fees lie between nothing and the principal.")
