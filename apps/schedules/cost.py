"""What a loan costs: yearly rates by internal rate of return, and the cost in money. Pure.

Rule book 6.7 (Key Facts Statement, Annex B). Rates are fractions (0.1707 is 17.07 %). What counts
is what the borrower receives - the loan less everything deducted upfront, third parties' fees
included - against every instalment with the fees in it. What only a breach would cost, such as
penal charges, is in no schedule and so counts nowhere.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

import pyxirr

from apps.schedules import due_dates
from apps.schedules.day_counts import share_of_year
from apps.schedules.refusals import Sentence, TermsRefused, gettext_noop
from apps.schedules.terms import (
    Adjustment,
    DayCount,
    Frequency,
    Grace,
    Method,
    Schedule,
    Terms,
)

# Digits behind the point to which a rate is given; the root finder is good for more.
RATE_PLACES = 12
# A hundred million per cent: a fee of some times the loan, due in some days, compounds to more.
HIGHEST = Decimal(10) ** 6
_DIGITS = 50
_SCALE = 1e6
_DAYS_A_YEAR = 365
_THIRTY_360 = frozenset({DayCount.THIRTY_360_US, DayCount.THIRTY_360_EU})
PERIODS_A_YEAR = {
    Frequency.DAILY: 365,
    Frequency.WEEKLY: 52,
    Frequency.FORTNIGHTLY: 26,
    Frequency.FOUR_WEEKLY: 13,
    Frequency.SEMI_MONTHLY: 24,
    Frequency.MONTHLY: 12,
    Frequency.END_OF_MONTH: 12,
    Frequency.QUARTERLY: 4,
    Frequency.HALF_YEARLY: 2,
    Frequency.YEARLY: 1,
}


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that changes hands on a day: positive to the borrower, negative from him."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """What one schedule costs.

    `apr` is the nominal yearly rate of the Key Facts Statement, `effective_annual` the same with
    compounding; `total` is everything paid beyond what was lent: interest and all fees.
    `flat_rate` is the yearly interest over the amount lent, as a flat-rate lender would quote it.
    """

    apr: Decimal
    effective_annual: Decimal
    total: Decimal
    flat_rate: Decimal


def of(schedule: Schedule) -> Cost:
    """Return what a schedule costs. Raises TermsRefused where no rate can be told."""
    return Cost(
        apr=apr(schedule),
        effective_annual=effective_annual(schedule),
        total=total(schedule),
        flat_rate=flat_rate(schedule),
    )


def apr(schedule: Schedule) -> Decimal:
    """Return the nominal yearly rate: periods a year x the internal rate of return of a period.

    Level instalments enter as they were before rounding (6.7), all others as they are paid. Where
    the periods are uneven - a broken first one, tranches, agreed dates - it is the nominal rate
    that compounds to the rate of the dated flows. A single payment compounds when it is due, at
    least once a year. Raises TermsRefused where no rate can be told.
    """
    if schedule.terms.method == Method.SINGLE:
        return _of_single(schedule)
    yearly = PERIODS_A_YEAR[schedule.terms.frequency]
    if is_even(schedule.terms):
        return nominal(_even_rate(schedule), yearly)
    with localcontext(prec=_DIGITS):
        per_period = (1 + dated_rate(cash_flows(schedule))) ** (1 / Decimal(yearly)) - 1
    return _rounded(nominal(per_period, yearly))


def effective_annual(schedule: Schedule) -> Decimal:
    """Return the yearly rate with compounding. Raises TermsRefused as `apr` does."""
    if is_even(schedule.terms):
        return effective(_even_rate(schedule), PERIODS_A_YEAR[schedule.terms.frequency])
    return dated_rate(cash_flows(schedule))


def total(schedule: Schedule) -> Decimal:
    """Return the cost of the credit in money: all interest and all fees."""
    return schedule.total_interest + schedule.total_fees


def flat_rate(schedule: Schedule) -> Decimal:
    """Return the interest, without fees, as a yearly share of the amount lent."""
    first = schedule.rows[0].starts_on
    counts = schedule.terms.day_count
    # A period free of interest has no share of its own, and lasts all the same.
    years = share_of_year(schedule.terms.disbursed_on, first, counts) + sum(
        (row.fraction or share_of_year(row.starts_on, row.due_on, counts) for row in schedule.rows),
        Fraction(0),
    )
    if not years:
        # 30/360 counts no time from the 30th to the 31st, and so charges nothing for it.
        return _rounded(Decimal(0))
    with localcontext(prec=_DIGITS):
        lent = schedule.terms.lent * years.numerator
        return _rounded(schedule.total_interest * years.denominator / lent)


def is_even(terms: Terms) -> bool:
    """Return whether every instalment falls due one regular period after the one before."""
    if terms.method in {Method.SINGLE, Method.CUSTOM} or len(terms.tranches) > 1:
        return False
    return due_dates.planned(terms, 1)[0] == terms.disbursed_on


def cash_flows(schedule: Schedule) -> tuple[Flow, ...]:
    """Return what the borrower receives and pays, by day; deductions come off the first payout."""
    terms = schedule.terms
    paid_out = [Flow(one.paid_on, one.amount) for one in terms.tranches]
    paid_out = paid_out or [Flow(terms.disbursed_on, terms.lent)]
    first = Flow(paid_out[0].day, paid_out[0].amount - schedule.upfront_deductions)
    paid_back = [Flow(row.due_on, -row.instalment) for row in schedule.rows]
    return (first, *paid_out[1:], *paid_back)


def period_rate(received: Decimal, payments: Sequence[Decimal]) -> Decimal:
    """Return the internal rate of return of one period, payments falling due at their ends."""
    return _known(pyxirr.irr(_scaled([received, *(-one for one in payments)])))


def dated_rate(flows: Iterable[Flow]) -> Decimal:
    """Return the effective yearly rate of dated flows, on actual/365 days."""
    known = list(flows)
    amounts = _scaled([one.amount for one in known])
    return _known(pyxirr.xirr([one.day for one in known], amounts))


def simple_rate(*, received: Decimal, repaid: Decimal, days: int, basis: int = 365) -> Decimal:
    """Return the yearly rate of one payment after some days, without compounding."""
    with localcontext(prec=_DIGITS):
        return _rounded((repaid - received) / received * basis / days)


def nominal(rate: Decimal, periods_a_year: int) -> Decimal:
    """Return the yearly rate without compounding of a rate per period."""
    return rate * periods_a_year


def effective(rate: Decimal, periods_a_year: int) -> Decimal:
    """Return the yearly rate with compounding of a rate per period."""
    with localcontext(prec=_DIGITS):
        return _rounded((1 + rate) ** periods_a_year - 1)


def flat_to_effective(flat: Decimal, instalments: int, frequency: Frequency) -> Decimal:
    """Return the nominal rate on the declining balance that costs what a flat rate costs."""
    yearly = PERIODS_A_YEAR[frequency]
    with localcontext(prec=_DIGITS):
        payment = (1 + flat * instalments / yearly) / instalments
    return nominal(period_rate(Decimal(1), [payment] * instalments), yearly)


def effective_to_flat(annual_rate: Decimal, instalments: int, frequency: Frequency) -> Decimal:
    """Return the flat rate that costs what a nominal rate on the declining balance costs."""
    yearly = PERIODS_A_YEAR[frequency]
    with localcontext(prec=_DIGITS):
        payment = _level(Decimal(1), annual_rate / yearly, instalments)
        return _rounded((payment * instalments - 1) * yearly / instalments)


def _of_single(schedule: Schedule) -> Decimal:
    received, repaid = schedule.net_disbursed, schedule.total_payable
    days = (schedule.rows[-1].due_on - schedule.terms.disbursed_on).days
    if len(schedule.terms.tranches) > 1 or days > _DAYS_A_YEAR:
        return dated_rate(cash_flows(schedule))
    return simple_rate(received=received, repaid=repaid, days=days)


def _even_rate(schedule: Schedule) -> Decimal:
    return period_rate(schedule.net_disbursed, _payments(schedule))


def _payments(schedule: Schedule) -> list[Decimal]:
    """Return the instalments; level ones as they were before they were rounded."""
    terms = schedule.terms
    if not _is_level(terms):
        return [row.instalment for row in schedule.rows]
    with localcontext(prec=_DIGITS):
        rate = terms.annual_rate / PERIODS_A_YEAR[terms.frequency]
        level = _level(terms.lent, rate, terms.instalments)
        return [level + row.fee for row in schedule.rows]


def _is_level(terms: Terms) -> bool:
    """Return whether the instalments are those of the formula (rule book 9.1), but for rounding."""
    counts_months = due_dates.regular_share(terms.frequency) is not None
    return (
        terms.method == Method.EQUAL_INSTALMENT
        and terms.grace == Grace()
        and terms.day_count in _THIRTY_360
        and terms.calendar.adjustment == Adjustment.NONE
        and counts_months
    )


def _level(principal: Decimal, rate: Decimal, instalments: int) -> Decimal:
    if not rate:
        return principal / instalments
    return principal * rate / (1 - (1 + rate) ** -instalments)


def _scaled(amounts: Sequence[Decimal]) -> list[float]:
    """Return amounts in one order of size, which leaves their rate as it is.

    The root finder stops within a fixed distance of zero: of small amounts it would find a rough
    rate, and of large ones none.
    """
    largest = max(map(abs, amounts))
    return [float(one / largest) * _SCALE for one in amounts]


def _known(found: float | None) -> Decimal:
    """Return what the root finder found as a rate. Raises TermsRefused where it found none."""
    if found is None or not math.isfinite(found):
        raise _no_rate()
    return _rounded(Decimal(repr(found)))


def _rounded(rate: Decimal) -> Decimal:
    """Return a rate as it is given to others. Raises TermsRefused for one beyond all sense."""
    if abs(rate) > HIGHEST:
        raise _no_rate()
    # Adding zero turns -0 into 0: what costs nothing costs no less.
    with localcontext(prec=_DIGITS):
        return rate.quantize(Decimal(1).scaleb(-RATE_PLACES)) + 0


def _no_rate() -> TermsRefused:
    pattern = gettext_noop(
        "These charges are so high for the amount and time that no yearly rate can be told."
    )
    return TermsRefused("no_rate", Sentence(pattern))
