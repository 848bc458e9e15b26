"""From terms to a schedule. Pure.

The order of rounding, on which every other way of computing the same must agree:

1. The exact instalment is computed in 50 digits from exact shares of a year (for monthly 30/360,
   1/12 each) and rounded once, to the unit of instalments by the mode of the terms.
2. The interest of a row is opening x rate x share of a year, the product first and one division
   last, rounded half-up to the currency's smallest unit. A tranche paid out within the period
   adds its own product before that rounding.
3. The principal of a row is instalment - interest; what is owed then is exact.
4. The last row repays all that is owed, with the interest of its period: it takes the rest.
"""

from decimal import Decimal, localcontext
from fractions import Fraction

from apps.core import money
from apps.schedules import checks, declining, flat_rate, periods, rounding
from apps.schedules.interest import EXACT, over
from apps.schedules.refusals import gettext_noop, refused
from apps.schedules.terms import ZERO, Method, Schedule, Terms


def build(terms: Terms) -> Schedule:
    """Return the schedule of terms.

    Guaranteed: principals sum to the amount lent and the interest that was capitalised, the last
    closing balance is zero, no figure is negative, dates strictly increase. Raises
    `refusals.TermsRefused` for terms that are absurd, contradict each other or cannot amortise.
    """
    checks.check(terms)
    with localcontext(EXACT):
        timeline = periods.timeline(terms)
        make = flat_rate.rows if terms.method == Method.FLAT else declining.rows
        rows = tuple(make(terms, timeline.periods))
        upfront = _upfront_interest(terms, timeline.upfront)
    schedule = Schedule(terms, rows, upfront)
    _check_pays_out(schedule)
    return schedule


def _check_pays_out(schedule: Schedule) -> None:
    terms = schedule.terms
    paid_first = terms.tranches[0].amount if terms.tranches else terms.lent
    if schedule.upfront_deductions < paid_first:
        return
    pattern = gettext_noop("Fees and interest deducted upfront leave nothing to pay out.")
    raise refused("fees", "nothing_paid_out", pattern)


def _upfront_interest(terms: Terms, share: Fraction) -> Decimal:
    if not share:
        return ZERO
    exact = over(terms.lent, terms.annual_rate, share)
    return rounding.half_up(exact, money.quantum(terms.currency))
