"""Rows at a flat rate: interest on the amount lent for the whole term, in equal shares. Pure.

Total interest = lent x rate x the charged share of a year, rounded once and split without loss
into equal shares over the instalments that bear interest; an instalment is lent / repaying
instalments + total / charged instalments, rounded to its unit; principal is what its share of
interest leaves, and the last takes the rest.
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
    shares = _interest_shares(terms, periods)
    extra = _interest_of_broken(terms, periods[0])
    nothing = 0 * money.quantum(terms.currency)
    unpaid = UnpaidInterest(terms.grace, nothing)
    principals = _principals(terms, shares, nothing)
    found: list[Row] = []
    balance = terms.lent + nothing
    for fee, period in zip(fees.by_row(terms, len(periods)), periods, strict=True):
        index = period.number - 1
        # A share of the total may be one unit below its own period's interest.
        charge = shares[index] if index else max(ZERO, shares[index] + extra)
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


def _interest_shares(terms: Terms, periods: Sequence[Period]) -> list[Decimal]:
    """Return each instalment's share of the interest of regular periods; it bears none if free."""
    smallest = money.quantum(terms.currency)
    whole = sum((period.regular for period in periods), Fraction(0))
    total = rounding.half_up(over(terms.lent, terms.annual_rate, whole), smallest)
    weights = [int(period.number > terms.grace.interest_free) for period in periods]
    return money.split(total, weights, terms.currency)


def _interest_of_broken(terms: Terms, first: Period) -> Decimal:
    """Return what a broken first period adds to the first instalment, or takes off it."""
    smallest = money.quantum(terms.currency)
    actual = rounding.half_up(over(terms.lent, terms.annual_rate, first.share), smallest)
    regular = rounding.half_up(over(terms.lent, terms.annual_rate, first.regular), smallest)
    return actual - regular


def _principals(terms: Terms, shares: Sequence[Decimal], nothing: Decimal) -> list[Decimal]:
    """Return the principal of each instalment, none in grace and the rest in the last."""
    paying = len(shares) - terms.grace.principal
    charged = len(shares) - terms.grace.interest_free
    total = sum(shares, ZERO)
    found = [nothing] * terms.grace.principal
    left = terms.lent + nothing
    for index in range(terms.grace.principal, len(shares) - 1):
        bears_interest = index >= terms.grace.interest_free
        exact = terms.lent / paying + (total / charged if bears_interest else ZERO)
        found.append(rounding.instalment(exact, terms) - shares[index])
        left -= found[-1]
        _check_amortises(index + 1, found[-1], left)
    if paying > 1:
        like_others = rounding.instalment(terms.lent / paying + total / charged, terms)
        last_instalment.check_last(terms, like_others, left + shares[-1])
    return [*found, left]


def _check_amortises(number: int, principal: Decimal, left: Decimal) -> None:
    if principal >= 0 and left > 0:
        return
    pattern = gettext_noop(
        "Rounded to its unit, instalment %(number)s leaves nothing for the others, or does not "
        "pay its interest: choose a smaller unit."
    )
    raise refused("rounding_unit", "cannot_amortise", pattern, number=number)
