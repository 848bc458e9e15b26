"""Rows at a flat rate: interest on the amount lent for the whole term. Pure.

The interest up to the end of each period is lent x rate x the share of a year passed, rounded
half-up; a row bears what its period adds. So the total is exact, and each row is within one
smallest unit of what its days earn. An instalment is lent / repaying instalments + total interest
/ charged instalments, rounded to its unit; principal is what interest leaves of it, and the last
takes the rest.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from apps.core import money
from apps.schedules import fees, last_instalment, rounding
from apps.schedules.grace import UnpaidInterest
from apps.schedules.interest import over
from apps.schedules.periods import Period
from apps.schedules.refusals import gettext_noop, refused
from apps.schedules.terms import ZERO, Row, Terms


def rows(terms: Terms, periods: Sequence[Period]) -> list[Row]:
    """Return the rows; TermsRefused where the terms cannot amortise."""
    regular = _regular_interest(terms, periods)
    extra = _interest(terms, periods[0].share) - regular[0]
    nothing = 0 * money.quantum(terms.currency)
    unpaid = UnpaidInterest(terms.grace, nothing)
    principals = _principals(terms, regular, nothing)
    found: list[Row] = []
    balance = terms.lent + nothing
    for fee, period in zip(fees.by_row(terms, len(periods)), periods, strict=True):
        index = period.number - 1
        # A broken first period may be the first instalment's alone.
        charge = regular[index] if index else regular[index] + extra
        due, capitalised = unpaid.place(period.number, charge)
        principal = principals[index]
        opening, balance = balance, balance - principal
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


def _regular_interest(terms: Terms, periods: Sequence[Period]) -> list[Decimal]:
    """Return each period's interest, a broken first one taken as regular where it pays itself."""
    passed, before = Fraction(0), ZERO
    found = []
    for period in periods:
        passed += period.regular
        so_far = _interest(terms, passed)
        found.append(so_far - before)
        before = so_far
    return found


def _interest(terms: Terms, share: Fraction) -> Decimal:
    exact = over(terms.lent, terms.annual_rate, share)
    return rounding.half_up(exact, money.quantum(terms.currency))


def _principals(terms: Terms, interest: Sequence[Decimal], nothing: Decimal) -> list[Decimal]:
    """Return the principal of each instalment, none in grace and the rest in the last."""
    paying = len(interest) - terms.grace.principal
    charged = len(interest) - terms.grace.interest_free
    total = sum(interest, ZERO)
    found = [nothing] * terms.grace.principal
    left = terms.lent + nothing
    for index in range(terms.grace.principal, len(interest) - 1):
        bears_interest = index >= terms.grace.interest_free
        exact = terms.lent / paying + (total / charged if bears_interest else ZERO)
        found.append(rounding.instalment(exact, terms) - interest[index])
        left -= found[-1]
        _check_amortises(index + 1, found[-1], left)
    if paying > 1:
        like_others = rounding.instalment(terms.lent / paying + total / charged, terms)
        last_instalment.check_last(terms, like_others, left + interest[-1])
    return [*found, left]


def _check_amortises(number: int, principal: Decimal, left: Decimal) -> None:
    if principal >= 0 and left > 0:
        return
    pattern = gettext_noop(
        "Rounded to its unit, instalment %(number)s leaves nothing for the others, or does not "
        "pay its interest: choose a smaller unit."
    )
    raise refused("rounding_unit", "cannot_amortise", pattern, number=number)
