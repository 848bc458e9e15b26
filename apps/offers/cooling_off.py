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

    `amount` = `principal` - `returned_fees` + `beside` + `cost`: whoever got less than the
    principal because fees were taken off beforehand does not pay back what he never had, but for
    `kept_fees`; whoever owes them `beside` had more in hand and gives it back. `principal` is what
    was paid out of the loan, `cost` is `apr` on what he really had of it (`net_disbursed`), each
    payment for its own days; `days` counts from the first.
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
    beside: Decimal
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
        # Quotes of the first days do not tell it.
        values["beside"] = Decimal(written.get("beside", "0"))
        return cls(currency=written["currency"], days=int(written["days"]), **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One payment to the borrower: `amount` of the loan, less what was taken off."""

    paid_date: date
    amount: Decimal
    taken_off: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        """What the borrower had of it."""
        return self.amount - self.taken_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What was paid out and taken off: amounts in `currency`, `apr` a fraction a year.

    `parts` are the payments that were made, one or several. `upfront_fees` were charged with them
    and taken off, but for those owed `beside`; `kept_fees` are those that the statement said are
    kept when the borrower steps back.
    """

    parts: tuple[Part, ...]
    currency: str
    apr: Decimal
    upfront_fees: Decimal
    kept_fees: Decimal

    @property
    def principal(self) -> Decimal:
        """What was paid out of the loan, before anything was taken off."""
        return sum((one.amount for one in self.parts), Decimal(0))

    @property
    def beside(self) -> Decimal:
        """The fees that were not taken off but are owed beside the principal."""
        return self.upfront_fees - sum((one.taken_off for one in self.parts), Decimal(0))


def exit_quote(paid: Paid, *, on: date) -> ExitQuote:
    """Return what stepping back on a day costs, rounded half-up once, on the cost.

    amount = principal - (upfront fees - kept fees) + fees owed beside
    + sum over the payments of (amount - taken off) x APR x days since it / 365.
    On the day of the payment nothing is due but what was received and the fees that are kept.
    Raises ExitRefused.
    """
    _check(paid, on)
    days_of_money = sum((one.net * (on - one.paid_date).days for one in paid.parts), Decimal(0))
    cost = money(days_of_money * paid.apr / _DAYS_A_YEAR, paid.currency)
    first = min(one.paid_date for one in paid.parts)
    returned = paid.upfront_fees - paid.kept_fees
    return ExitQuote(
        principal=paid.principal,
        net_disbursed=sum((one.net for one in paid.parts), Decimal(0)),
        currency=paid.currency,
        apr=paid.apr,
        paid_out_date=first,
        exit_date=on,
        days=(on - first).days,
        cost=cost,
        kept_fees=paid.kept_fees,
        returned_fees=returned,
        beside=paid.beside,
        amount=paid.principal - returned + paid.beside + cost,
    )


def _check(paid: Paid, on: date) -> None:
    if not paid.parts or any(on < one.paid_date for one in paid.parts):
        raise ExitRefused("Nobody steps back from a loan before it was paid out.")
    if not paid.apr.is_finite() or paid.apr < 0:
        raise ExitRefused("The annual percentage rate must not be negative.")
    if any(not 0 <= one.taken_off < one.amount for one in paid.parts):
        raise ExitRefused("What is taken off a payment lies between nothing and all of it.")
    if not 0 <= paid.kept_fees <= paid.upfront_fees or paid.beside < 0:
        raise ExitRefused("Fees lie between nothing and what was charged.")
