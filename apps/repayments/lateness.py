"""What an account owes for being late: penal charges, and interest on unpaid instalments. Pure.

Both follow from the history like everything else: from when each instalment fell due, what was
unpaid of it day by day, and the rates of the contract. They are sums since the first day; what was
charged before is the caller's to compare.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from apps.repayments import penal
from apps.repayments.account import BESIDE, ZERO, Generation, RowKey
from apps.repayments.facts import Bucket
from apps.repayments.penal import Rate, Unpaid
from apps.repayments.replaying import Account
from apps.schedules.terms import DayCount

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """An instalment that is late and goes on being so: what ran up to a day, and how it goes on."""

    amount: Decimal
    penal_from: date
    penal_before: Fraction
    interest_from: date
    interest_before: Fraction
    annual_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How being late goes on while nothing happens: what is settled, and each that is not.

    `until` is the last day for which that holds: another instalment may be late on the next.
    """

    settled: Owed
    going: tuple[Going, ...]
    until: date


def run(account: Account, day: date, agreed: Agreed) -> Run:
    """Return how what is owed for being late goes on from the end of a day."""
    late = instalments(account, day)
    closed = [one for one in late if one.settled_on is not None]
    rates = rates_of(account.generations)
    day_count = account.contract.terms.day_count
    going = []
    for one in late:
        if one.settled_on is not None:
            continue
        penal_from, penal_before, _rate = penal.running(
            one.unpaid, (Rate(date.min, agreed.penal_rate),), DayCount.ACT_365
        )
        since, before, annual = penal.running(one.unpaid, rates, day_count)
        going.append(
            Going(
                amount=one.unpaid[-1].amount,
                penal_from=penal_from,
                penal_before=penal_before,
                interest_from=since,
                interest_before=before,
                annual_rate=annual,
            )
        )
    ahead = [due_on for _number, due_on, _amount in _fell_due(account.generations) if due_on >= day]
    return Run(
        settled=_sum(account, closed, day, agreed),
        going=tuple(going),
        until=min(ahead, default=date.max),
    )


def owed(account: Account, day: date, agreed: Agreed) -> Owed:
    """Return what is to be charged for being late by the end of a day, each instalment rounded."""
    return _sum(account, instalments(account, day), day, agreed)


def _sum(account: Account, late: Iterable[Late], day: date, agreed: Agreed) -> Owed:
    currency, terms = account.contract.currency, account.contract.terms
    rates = rates_of(account.generations)
    found = Owed(penal=ZERO, interest=ZERO)
    for one in late:
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
