"""Rows on the declining balance: interest on what is owed, principal by the method's plan. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from apps.core import money
from apps.schedules import checks, fees, rounding
from apps.schedules.equal_instalments import EqualInstalments
from apps.schedules.grace import UnpaidInterest
from apps.schedules.interest import over
from apps.schedules.other_methods import AgreedRows, Bullet, EqualPrincipal
from apps.schedules.periods import Period
from apps.schedules.refusals import gettext_noop, refused
from apps.schedules.terms import ZERO, Method, Row, Terms


class Plan(Protocol):
    """How much of the principal each instalment but the last repays."""

    def principal(
        self, index: int, opening: Decimal, charge: Decimal, interest: Decimal
    ) -> Decimal:
        """Return the principal of one instalment.

        `charge` is the interest of its period, a broken one taken as regular, and `interest` the
        same rounded.
        """

    def check_last(self, principal: Decimal, interest: Decimal) -> None:
        """Refuse terms whose last instalment is not like the others."""


def rows(terms: Terms, periods: Sequence[Period]) -> list[Row]:
    """Return the rows; TermsRefused where the terms cannot amortise."""
    smallest = money.quantum(terms.currency)
    # Zero with the currency's decimals: sums with it are written with them too.
    nothing = 0 * smallest
    plan = _plan(terms, periods, nothing)
    unpaid = UnpaidInterest(terms.grace, nothing)
    found: list[Row] = []
    balance = nothing
    for fee, period in zip(fees.by_row(terms, len(periods)), periods, strict=True):
        charge, regular = _charges(terms.annual_rate, balance, period)
        opening = balance
        for payout in period.payouts:
            opening += payout.amount
        interest = rounding.half_up(charge, smallest)
        due, capitalised = unpaid.place(period.number, interest)
        if period.number == len(periods):
            principal = opening
            plan.check_last(opening, interest)
        elif period.number <= terms.grace.principal:
            principal = nothing
        else:
            planned = interest if regular is charge else rounding.half_up(regular, smallest)
            principal = plan.principal(period.number - 1, opening, regular, planned)
            _check_amortises(terms, period.number, opening, principal)
        balance = opening - principal + capitalised
        _check_size(balance)
        found.append(
            Row(
                number=period.number,
                due_on=period.due_on,
                opening=opening,
                principal=principal,
                interest=due,
                fee=fee,
                instalment=principal + due + fee,
                closing=balance,
                capitalised=capitalised,
                starts_on=period.starts_on,
                fraction=period.share,
            )
        )
    return found


def _plan(terms: Terms, periods: Sequence[Period], nothing: Decimal) -> Plan:
    if terms.method == Method.EQUAL_PRINCIPAL:
        return EqualPrincipal(terms, periods)
    if terms.method in {Method.INTEREST_ONLY, Method.SINGLE}:
        return Bullet(nothing)
    if terms.method == Method.CUSTOM:
        return AgreedRows(terms.rows, nothing)
    return EqualInstalments(terms, periods)


def _charges(annual_rate: Decimal, balance: Decimal, period: Period) -> tuple[Decimal, Decimal]:
    """Return a period's interest, and what it were if a broken first period were regular."""
    charge = over(balance, annual_rate, period.share) if balance else ZERO
    regular = charge
    for payout in period.payouts:
        charge += over(payout.amount, annual_rate, payout.share)
    if period.share is period.regular:
        return charge, charge
    for payout in period.payouts:
        regular += over(payout.amount, annual_rate, payout.regular)
    return charge, regular


def _check_size(balance: Decimal) -> None:
    """Refuse a balance that interest lets grow beyond what anybody lends."""
    if balance > checks.LARGEST_AMOUNT:
        raise refused("grace.capitalised", "amount", checks.TOO_LARGE, largest=checks.LARGEST_SAID)


def _check_amortises(terms: Terms, number: int, opening: Decimal, principal: Decimal) -> None:
    """Refuse an instalment below its interest, and one that ends the loan before its term."""
    if principal < 0:
        pattern = gettext_noop(
            "Instalment %(number)s would not even pay its interest: the loan cannot amortise."
        )
        raise refused(_cause(terms), "cannot_amortise", pattern, number=number)
    is_early = principal >= opening if terms.method != Method.CUSTOM else principal > opening
    if is_early:
        pattern = gettext_noop(
            "Instalment %(number)s would repay more than is owed: nothing is left for the others."
        )
        raise refused(_cause(terms), "ends_early", pattern, number=number)


def _cause(terms: Terms) -> str:
    """Return the field to mend."""
    if terms.method == Method.CUSTOM:
        return "rows"
    if terms.method == Method.STEPPED:
        return "steps"
    return "rounding_unit" if terms.rounding_unit is not None else "instalments"
