"""Principal that is not due yet, spread over the rows ahead again. Pure.

The same plans that made the schedule make it anew; only the first row differs: it asks for the
interest that was earned before the day as well, so that its instalment is like the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from apps.core import money
from apps.schedules import rounding
from apps.schedules.equal_instalments import EqualInstalments
from apps.schedules.grace import UnpaidInterest
from apps.schedules.interest import over
from apps.schedules.other_methods import Bullet, EqualPrincipal
from apps.schedules.periods import Period
from apps.schedules.refusals import TermsRefused, gettext_noop, refused
from apps.schedules.terms import ZERO, Grace, Method, Row, Terms


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time one new row pays for, the share of a year it is charged as, and the row's fee."""

    starts_on: date
    due_on: date
    share: Fraction
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """What one new row repays, asks for as interest, adds to the principal, and is charged.

    `charge` is the interest of its own time from the day of the change on; `interest` what falls
    due, with what was earned before and what earlier rows did not ask for.
    """

    principal: Decimal
    interest: Decimal
    capitalised: Decimal
    charge: Decimal


@dataclass(frozen=True, slots=True)
class Spread:
    """What is spread: the principal, what was earned on it before, for how long nothing is paid."""

    terms: Terms
    principal: Decimal
    earned: Decimal
    grace: Grace

    @property
    def smallest(self) -> Decimal:
        """Return the smallest unit of the currency."""
        return money.quantum(self.terms.currency)


class Plan(Protocol):
    """How much of the principal each new row but the last repays."""

    def principal(
        self, index: int, opening: Decimal, charge: Decimal, interest: Decimal
    ) -> Decimal:
        """Return the principal of one row, its interest given exact and rounded."""


class _SameInstalment:
    """What interest leaves of an instalment that stays."""

    def __init__(self, amount: Decimal) -> None:
        self._amount = amount

    def principal(
        self, index: int, opening: Decimal, charge: Decimal, interest: Decimal
    ) -> Decimal:
        """Return the instalment less its interest."""
        return self._amount - interest


class _Agreed:
    """Principals that are told one by one."""

    def __init__(self, principals: Sequence[Decimal]) -> None:
        self._principals = principals

    def principal(
        self, index: int, opening: Decimal, charge: Decimal, interest: Decimal
    ) -> Decimal:
        """Return what was told."""
        return self._principals[index]


def recomputed(spread: Spread, stretches: Sequence[Stretch]) -> list[Part]:
    """Return the parts as the contract's method spreads an amount over so many rows."""
    if spread.grace.principal >= len(stretches):
        pattern = gettext_noop("Grace must leave at least one instalment to repay the loan.")
        raise refused("principal_free", "grace", pattern)
    plan = _plan(spread.terms, stretches, 0 * spread.smallest)
    parts = _parts(spread, stretches, plan)
    if len(parts) < len(stretches):
        raise _ends_early(len(parts))
    return parts


def same_instalment(
    spread: Spread, stretches: Sequence[Stretch], instalment: Decimal
) -> list[Part]:
    """Return as many parts as the instalment takes to repay the principal; the last is the rest."""
    parts = _parts(spread, stretches, _SameInstalment(instalment))
    last = parts[-1]
    if len(parts) == len(stretches) and last.principal > 2 * instalment:
        raise _cannot_amortise(len(parts))
    return parts


def as_agreed(
    spread: Spread, stretches: Sequence[Stretch], principals: Sequence[Decimal]
) -> list[Part]:
    """Return the parts with the principals that are told."""
    return _parts(spread, stretches, _Agreed(principals))


def in_proportion(rows: Sequence[Row], principal: Decimal, currency: str) -> list[Decimal]:
    """Return principals in the proportion of those of the rows, which sum to the new amount."""
    return money.split(principal, [row.principal for row in rows], currency)


def cut_from_the_end(rows: Sequence[Row], principal: Decimal) -> list[Decimal]:
    """Return the rows' principals from the first on until they sum to the new amount."""
    found: list[Decimal] = []
    left = principal
    for row in rows:
        if not left:
            break
        found.append(min(left, row.principal))
        left -= found[-1]
    return found


def flat(
    rows: Sequence[Row], principal: Decimal, *, earned: Decimal, currency: str, from_the_end: bool
) -> list[Part]:
    """Return the parts of a flat rate: interest still to be earned falls as the principal does."""
    before = sum((row.principal for row in rows), ZERO)
    principals = (
        cut_from_the_end(rows, principal)
        if from_the_end
        else in_proportion(rows, principal, currency)
    )
    found = []
    for index, amount in enumerate(principals):
        old = rows[index].interest - (earned if not index else ZERO)
        charge = rounding.half_up(old * principal / before, money.quantum(currency))
        interest = charge + (earned if not index else ZERO)
        found.append(Part(amount, interest, 0 * money.quantum(currency), charge))
    return found


def _plan(terms: Terms, stretches: Sequence[Stretch], nothing: Decimal) -> Plan:
    periods = [
        Period(number, one.starts_on, one.due_on, one.share, one.share)
        for number, one in enumerate(stretches, start=1)
    ]
    if terms.method == Method.EQUAL_PRINCIPAL:
        return EqualPrincipal(terms, periods)
    if terms.method in {Method.INTEREST_ONLY, Method.SINGLE}:
        return Bullet(nothing)
    return EqualInstalments(terms, periods)


def _parts(spread: Spread, stretches: Sequence[Stretch], plan: Plan) -> list[Part]:
    """Return the parts until nothing is owed; the last row there is takes the rest."""
    nothing = 0 * spread.smallest
    unpaid = UnpaidInterest(spread.grace, nothing)
    carried = spread.earned
    balance = spread.principal + nothing
    found: list[Part] = []
    for index, one in enumerate(stretches):
        exact = over(balance, spread.terms.annual_rate, one.share)
        charge = rounding.half_up(exact, spread.smallest)
        interest = charge + carried
        due, capitalised = unpaid.place(index + 1, interest)
        principal = balance
        if index < len(stretches) - 1:
            principal = nothing
            if index >= spread.grace.principal:
                principal = plan.principal(index, balance, exact + carried, interest)
        if principal < 0:
            raise _cannot_amortise(index + 1)
        principal = min(principal, balance)
        found.append(Part(principal, due, capitalised, charge))
        balance += capitalised - principal
        carried = nothing
        if not balance:
            break
    return found


def _cannot_amortise(number: int) -> TermsRefused:
    pattern = gettext_noop(
        "Instalment %(number)s would not even pay its interest: the loan cannot amortise."
    )
    return refused("instalments", "cannot_amortise", pattern, number=number)


def _ends_early(number: int) -> TermsRefused:
    pattern = gettext_noop(
        "Instalment %(number)s would repay more than is owed: nothing is left for the others."
    )
    return refused("instalments", "ends_early", pattern, number=number)
