"""What an account owes for being late: penal charges, and interest on unpaid instalments. Pure.

Both follow from the history like everything else: from when each instalment fell due, what was
unpaid of it day by day, and the rates of the contract. They are sums since the first day; what was
charged before is the caller's to compare.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.repayments import penal
from apps.repayments.account import ZERO, Generation, RowKey
from apps.repayments.facts import Bucket
from apps.repayments.penal import Rate, Unpaid
from apps.repayments.replaying import BESIDE, Account

# What a charge for being late is called.
PENAL = "late_payment"
INTEREST = "overdue_interest"
CODES = (PENAL, INTEREST)
# A fee or a charge bears no charge (rule book 6.8).
_BEARING = (Bucket.PRINCIPAL, Bucket.INTEREST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What the contract asks for instalments that are late; a rate of zero asks for nothing."""

    penal_rate: Decimal
    interest_runs_on: bool

    @property
    def asks_something(self) -> bool:
        """Whether being late costs anything."""
        return bool(self.penal_rate) or self.interest_runs_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is to be charged for all days by the end of a day."""

    penal: Decimal
    interest: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """An instalment that fell due, and what of its principal and interest was unpaid since when."""

    number: int
    due_on: date
    unpaid: tuple[Unpaid, ...]

    @property
    def settled_on(self) -> date | None:
        """The day from whose end nothing of it is unpaid; None while something is."""
        last = self.unpaid[-1]
        return None if last.amount else last.since


def owed(account: Account, day: date, agreed: Agreed) -> Owed:
    """Return what is to be charged for being late by the end of a day, each instalment rounded."""
    currency, terms = account.contract.currency, account.contract.terms
    rates = rates_of(account.generations)
    found = Owed(penal=ZERO, interest=ZERO)
    for one in instalments(account, day):
        charge = penal.charge(one.unpaid, day, annual_rate=agreed.penal_rate, currency=currency)
        interest = ZERO
        if agreed.interest_runs_on:
            interest = penal.contract_interest(
                one.unpaid, day, rates=rates, day_count=terms.day_count, currency=currency
            )
        found = Owed(penal=found.penal + charge, interest=found.interest + interest)
    return found


def instalments(account: Account, day: date) -> tuple[Late, ...]:
    """Return the instalments that fell due before a day, in the order they did."""
    paid = _payments(account)
    return tuple(
        Late(
            number=number,
            due_on=due_on,
            unpaid=penal.overdue(due_on, amount, paid.get(number, ())),
        )
        for number, due_on, amount in _fell_due(account.generations)
        if due_on < day
    )


def rates_of(generations: Sequence[Generation]) -> tuple[Rate, ...]:
    """Return the rates of the schedules that were in force, and since when."""
    return tuple(Rate(one.starts_on, one.terms.annual_rate) for one in generations)


def _fell_due(generations: Sequence[Generation]) -> Iterable[tuple[int, date, Decimal]]:
    """Yield the number, due date and amount of what fell due, as the schedule of its day said.

    A row keeps its number when another schedule follows. What is due on the very day it is agreed
    - a part pre-payment, all that was left of a loan - is paid or lost on that day, and never late.
    """
    ends = [*(one.starts_on for one in generations[1:]), date.max]
    for generation, end in zip(generations, ends, strict=True):
        for row in generation.rows:
            is_new = not generation.number or row.due_on > generation.starts_on
            if is_new and row.due_on <= end and row.number != BESIDE:
                yield row.number, row.due_on, row.principal + row.interest


def _payments(account: Account) -> dict[int, list[tuple[date, Decimal]]]:
    """Return what was paid of each row's principal and interest, in the order it was."""
    found: dict[int, list[tuple[date, Decimal]]] = {}
    for one in account.position.booked:
        for part in one.parts:
            if isinstance(part.key, RowKey) and part.bucket in _BEARING:
                found.setdefault(part.key.number, []).append((one.day, part.amount))
    return found
