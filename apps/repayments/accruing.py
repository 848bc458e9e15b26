"""What of a loan's interest is earned by a day: by its schedule, cumulative, rounded once. Pure.

The interest of an instalment is earned over its period, by the day count of the contract, on what
was lent in it: on the due date exactly what falls due, before it the share of the period that has
passed. Every figure is the sum since the beginning; what a day adds is the difference of two of
them, so that however many days are taken together, they sum to the interest of the schedule.

Interest that falls due late because no interest was paid in a time of grace is earned over that
grace as well. Interest that joins the principal is earned like any other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from apps.core.money import money
from apps.schedules.day_counts import share_of_year
from apps.schedules.interest import EXACT
from apps.schedules.terms import DayCount, Row, Terms, Tranche

ZERO = Decimal(0)
_NONE = Fraction(0)


@dataclass(frozen=True, slots=True)
class Span:
    """The time over which an amount of interest is earned.

    `share` is the share of a year the whole is charged as, None where the day count says it.
    `payouts` are the amounts that bore interest in it and since when, where they differ.
    """

    starts_on: date
    ends_on: date
    interest: Decimal
    share: Fraction | None = None
    payouts: tuple[Tranche, ...] = ()


def earned(span: Span, day: date, *, day_count: DayCount, currency: str) -> Decimal:
    """Return the interest of a span earned by the end of a day, rounded half-up.

    Nothing on the day it starts on, all of it on the day it ends on.
    """
    if day >= span.ends_on:
        return span.interest
    if day <= span.starts_on or not span.interest:
        return ZERO
    part = _weight(span, day, day_count)
    whole = _weight(span, span.ends_on, day_count)
    if not whole:
        # The day count knows no days in it: 30 to 31 of a month. All is earned at the end.
        return ZERO
    product = EXACT.multiply(span.interest, Decimal(part.numerator * whole.denominator))
    exact = EXACT.divide(product, Decimal(part.denominator * whole.numerator))
    return min(money(exact, currency), span.interest)


def earned_by(spans: Iterable[Span], day: date, *, day_count: DayCount, currency: str) -> Decimal:
    """Return the interest of all spans earned by the end of a day, each rounded by itself."""
    return sum((earned(one, day, day_count=day_count, currency=currency) for one in spans), ZERO)


def running(spans: Sequence[Span], day: date, *, day_count: DayCount, currency: str) -> Decimal:
    """Return what is earned by a day and falls due later: the interest of a pay-off on that day."""
    return earned_by(
        [one for one in spans if one.ends_on > day], day, day_count=day_count, currency=currency
    )


@dataclass(frozen=True, slots=True)
class Period:
    """How a loan earns from a day on until something falls due: what is earned, and one span of it.

    By the end of a day from the one it was made for and before `until` are earned `base` and what
    `earned` says of a span of these dates, `share` being the share of a year all of it is.
    """

    until: date
    base: Decimal
    starts_on: date
    ends_on: date
    interest: Decimal
    share: Fraction


def period(
    spans: Sequence[Span],
    billed: Iterable[tuple[date, Decimal]],
    day: date,
    *,
    begun: Decimal,
    day_count: DayCount,
) -> Period | None:
    """Return how a schedule earns from a day on; None where that is not one span's share.

    `billed` are due dates and the interest that falls due on them, `begun` is the interest earned
    before the spans. None as well after the last due date.
    """
    due = list(billed)
    rest = [one for one in spans if one.ends_on > day]
    ahead = [one for one, _interest in due if one > day]
    active = [one for one in rest if one.starts_on <= day]
    if not ahead or len(active) > 1 or any(one.payouts for one in active):
        return None
    done = sum((one.interest for one in spans if one.ends_on <= day), ZERO)
    base = begun + done - sum((interest for one, interest in due if one <= day), ZERO)
    turns = [
        *ahead,
        *(one.ends_on for one in rest),
        *(one.starts_on for one in rest if one not in active),
    ]
    until = min(one for one in turns if one > day)
    if not active:
        return Period(until, base, day, until, ZERO, _NONE)
    [one] = active
    whole = _elapsed(one, one.starts_on, one.ends_on, day_count)
    return Period(until, base, one.starts_on, one.ends_on, one.interest, whole)


def spans(terms: Terms, rows: Sequence[Row]) -> tuple[Span, ...]:
    """Return the spans of a schedule's rows, in their order; rows without interest have none."""
    found = []
    waiting: Row | None = None
    for row in rows:
        interest = row.interest + row.capitalised
        if not interest:
            # Charged and not asked for yet: it falls due with the first row that has interest.
            is_deferred = bool(row.fraction) and bool(row.opening) and bool(terms.annual_rate)
            waiting = (waiting or row) if is_deferred else None
            continue
        if waiting is None:
            payouts = _payouts(terms, row)
            found.append(Span(row.starts_on, row.due_on, interest, row.fraction, payouts))
        else:
            found.append(Span(waiting.starts_on, row.due_on, interest))
        waiting = None
    return tuple(found)


def _payouts(terms: Terms, row: Row) -> tuple[Tranche, ...]:
    """Return what bore interest in a row's period since when; empty where all of it did, always."""
    later = [one for one in terms.tranches if row.starts_on < one.paid_on < row.due_on]
    if not later:
        return ()
    before = row.opening - sum((one.amount for one in later), ZERO)
    first = [Tranche(row.starts_on, before)] if before > 0 else []
    return (*first, *later)


def _weight(span: Span, day: date, day_count: DayCount) -> Fraction:
    """Return how much interest has run by a day, in any unit: amount x share of a year."""
    if not span.payouts:
        return _elapsed(span, span.starts_on, day, day_count)
    weight = _NONE
    for one in span.payouts:
        if one.paid_on < day:
            share = _elapsed(span, max(one.paid_on, span.starts_on), day, day_count)
            weight += Fraction(one.amount) * share
    return weight


def _elapsed(span: Span, start: date, day: date, day_count: DayCount) -> Fraction:
    """Return the share of a year from `start` to a day, within what the span is charged as."""
    if span.share is None:
        return share_of_year(start, day, day_count)
    if day >= span.ends_on:
        if start <= span.starts_on:
            return span.share
        passed = share_of_year(span.starts_on, start, day_count)
        return max(_NONE, span.share - passed)
    return min(share_of_year(start, day, day_count), span.share)
