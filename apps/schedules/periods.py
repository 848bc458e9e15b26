"""The periods of a schedule: from when to when, for which share of a year, what is paid out. Pure.

Which share of a year a period is charged for:

- days are counted from one due date to the next as they really fall, holidays included, so that
  whoever knows the two dates can compute the interest again;
- except that under 30/360 a regular period of whole months is those months, 30 days each, also
  from 31 January to 28 February: that is what makes the monthly rate a twelfth of the yearly one
  (rule book 9.1);
- a period free of interest is charged for no time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from apps.core import dates
from apps.schedules import days_off, due_dates, grace
from apps.schedules.day_counts import share_of_year
from apps.schedules.refusals import TermsRefused, gettext_noop, refused
from apps.schedules.terms import DayCount, FirstPeriod, Method, Terms, Tranche

_NONE = Fraction(0)
# Nobody lends for longer; a typing error does.
LONGEST_YEARS = 50
_AMORTISING = frozenset(
    {Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.BALLOON, Method.STEPPED}
)
_THIRTY_360 = frozenset({DayCount.THIRTY_360_US, DayCount.THIRTY_360_EU})


@dataclass(frozen=True, slots=True)
class Payout:
    """A tranche paid out in a period, and the share of a year it bears interest in it.

    `regular` is the same share in a period of regular length.
    """

    amount: Decimal
    share: Fraction
    regular: Fraction


@dataclass(frozen=True, slots=True)
class Period:
    """The time that one instalment pays for.

    `regular` differs from `share` in a broken first period that the first instalment pays:
    instalments are then computed as if it were regular.
    """

    number: int
    starts_on: date
    due_on: date
    share: Fraction
    regular: Fraction
    payouts: tuple[Payout, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """All periods, and the share of a year before them whose interest is deducted upfront."""

    periods: tuple[Period, ...]
    upfront: Fraction = _NONE


def timeline(terms: Terms) -> Timeline:
    """Return the periods of checked terms; TermsRefused where dates clash or last too long."""
    if terms.method == Method.CUSTOM:
        due = [row.due_on for row in terms.rows]
        regular = [terms.disbursed_on, *due]
    else:
        regular = _regular_dates(terms)
        due = regular[1:]
        if not due_dates.skips_days_off(terms.frequency, terms.calendar):
            due = [days_off.moved(day, terms.calendar) for day in due]
    _check_order(terms, due)
    first, upfront = _first(terms, regular, due)
    periods = [first, *_later(terms, regular, due)]
    if terms.method == Method.SINGLE:
        periods = [_whole(terms, periods)]
    return Timeline(_with_payouts(terms, periods), upfront)


def _regular_dates(terms: Terms) -> list[date]:
    try:
        return due_dates.planned(terms, grace.number_of_instalments(terms))
    except (ValueError, OverflowError):
        raise _too_long() from None


def _check_order(terms: Terms, due: Sequence[date]) -> None:
    if due[0] <= terms.disbursed_on:
        pattern = gettext_noop("The first instalment must fall due after the loan is paid out.")
        raise refused("first_due_on", "first_due_on", pattern)
    if any(later <= earlier for earlier, later in pairwise(due)):
        pattern = gettext_noop("The days off move two instalments to the same day.")
        raise refused("calendar", "calendar", pattern)
    if due[-1] > dates.add_months(terms.disbursed_on, 12 * LONGEST_YEARS):
        raise _too_long()


def _too_long() -> TermsRefused:
    pattern = gettext_noop("The loan would last longer than %(years)s years.")
    return refused("instalments", "too_long", pattern, years=LONGEST_YEARS)


def _first(terms: Terms, regular: Sequence[date], due: Sequence[date]) -> tuple[Period, Fraction]:
    """Return the first period, and the share of a year before it that is deducted upfront."""
    # Days off may move the first due date to before its regular period.
    is_before = due[0] <= regular[0]
    as_if_regular = _NONE if is_before else _share(terms, (regular[0], due[0]), regular[:2])
    if terms.first_period == FirstPeriod.UPFRONT:
        upfront = _broken_upfront(terms, regular[0], due[0])
        return Period(1, regular[0], due[0], as_if_regular, as_if_regular), upfront
    if terms.grace.interest_free:
        return Period(1, terms.disbursed_on, due[0], _NONE, _NONE), _NONE
    share = _share(terms, (terms.disbursed_on, due[0]), regular[:2])
    in_first = terms.first_period == FirstPeriod.IN_FIRST_INSTALMENT
    planned = as_if_regular if in_first else share
    return Period(1, terms.disbursed_on, due[0], share, planned), _NONE


def _broken_upfront(terms: Terms, regular_start: date, due_on: date) -> Fraction:
    if not terms.disbursed_on <= regular_start < due_on:
        pattern = gettext_noop(
            "Interest can be deducted upfront only for a first period that is longer than the "
            "others; this one is shorter."
        )
        raise refused("first_period", "first_period", pattern)
    return share_of_year(terms.disbursed_on, regular_start, terms.day_count)


def _later(terms: Terms, regular: Sequence[date], due: Sequence[date]) -> list[Period]:
    free = terms.grace.interest_free
    found = []
    for index in range(1, len(due)):
        start, end = due[index - 1], due[index]
        share = _NONE
        if index >= free:
            share = _share(terms, (start, end), regular[index : index + 2])
        found.append(Period(index + 1, start, end, share, share))
    return found


def _share(terms: Terms, days: tuple[date, date], regular: Sequence[date]) -> Fraction:
    """Return the share of a year between two days, whole months where they are the regular ones."""
    if terms.day_count in _THIRTY_360 and days == tuple(regular):
        whole = due_dates.regular_share(terms.frequency)
        if whole is not None and terms.method != Method.CUSTOM:
            return whole
    return share_of_year(*days, terms.day_count)


def _whole(terms: Terms, periods: Sequence[Period]) -> Period:
    """Return all periods as the one of a single repayment, from where interest is charged."""
    charged = periods[terms.grace.interest_free :]
    whole = due_dates.regular_share(terms.frequency)
    start, end = charged[0].starts_on, charged[-1].due_on
    if whole is not None and all(period.share == whole for period in charged):
        share = whole * len(charged)
    else:
        share = share_of_year(start, end, terms.day_count)
    return Period(1, start, end, share, share)


def _with_payouts(terms: Terms, periods: list[Period]) -> tuple[Period, ...]:
    """Return the periods with what is paid out in each, the day it starts on included."""
    waiting = list(terms.tranches or [Tranche(terms.disbursed_on, terms.lent)])
    for index, period in enumerate(periods):
        paid = []
        while waiting and waiting[0].paid_on < period.due_on:
            paid.append(_payout(waiting.pop(0), period, terms.day_count))
        if paid:
            periods[index] = replace(period, payouts=tuple(paid))
        if not waiting:
            break
    if waiting:
        pattern = gettext_noop("A tranche is paid out after the last instalment.")
        raise refused("tranches", "tranches", pattern)
    if terms.method in _AMORTISING and len(periods) > 1 and periods[-1].payouts:
        pattern = gettext_noop("A tranche is paid out when only the last instalment is left.")
        raise refused("tranches", "tranches", pattern)
    return tuple(periods)


def _payout(tranche: Tranche, period: Period, day_count: DayCount) -> Payout:
    """Return a tranche with the share of the period that is left when it is paid out."""
    if tranche.paid_on <= period.starts_on:
        return Payout(tranche.amount, period.share, period.regular)
    passed = share_of_year(period.starts_on, tranche.paid_on, day_count)
    left = max(_NONE, period.share - passed)
    return Payout(tranche.amount, left, min(left, period.regular))
