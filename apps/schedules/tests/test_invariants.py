"""What holds for every schedule, over more than 10,000 generated loans of all kinds.

The interest is computed a second time by `recomputing`, which shares no arithmetic with the
product. A loan that cannot amortise is refused and does not count. Dice choose the ten thousand,
the same in every run; Hypothesis chooses others each time and makes one that fails smaller.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import assume, given, settings

from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import FirstPeriod, Method, Schedule, Terms
from apps.schedules.tests import recomputing
from apps.schedules.tests.strategies import UNITS, Dice, chosen, loans

# Eight methods: 10,400 loans in all.
LOANS_A_METHOD = 1_300
NOTHING = Decimal(0)
# What a loan that contradicts nothing may still be refused for.
MAY_BE_REFUSED = {
    "last_instalment",
    "cannot_amortise",
    "ends_early",
    "rounding_unit",
    "nothing_paid_out",
    "calendar",
    "first_due_on",
    "first_period",
    "tranches",
}


@pytest.mark.slow
@pytest.mark.parametrize("method", list(Method))
def test_it_holds_for_ten_thousand_loans(method: Method) -> None:
    dice, checked = Dice(str(method)), 0

    for _ in range(3 * LOANS_A_METHOD):
        terms = chosen(dice, method)
        try:
            checked += _check(terms)
        except Exception as fault:
            fault.add_note(f"of the loan {terms}")
            raise
        if checked == LOANS_A_METHOD:
            break

    assert checked == LOANS_A_METHOD


@pytest.mark.parametrize("method", list(Method))
def test_it_holds_for_any_loan(method: Method) -> None:
    @settings(max_examples=60, deadline=None)
    @given(terms=loans(method))
    def holds(terms: Terms) -> None:
        assume(_check(terms))

    holds()


def _check(terms: Terms) -> bool:
    """Check the loan's schedule; return whether there is one."""
    try:
        schedule = building.build(terms)
    except TermsRefused as refusal:
        if refusal.code in MAY_BE_REFUSED:
            return False
        raise
    _check_balances(schedule)
    _check_dates(schedule)
    _check_nothing_is_negative(schedule)
    _check_totals(schedule)
    charges = recomputing.interest_of_rows(schedule)
    if terms.method == Method.FLAT:
        _check_flat_interest(schedule)
    else:
        _check_interest(schedule, charges)
    _check_instalments_are_alike(schedule, charges)
    return True


def _check_balances(schedule: Schedule) -> None:
    terms = schedule.terms
    paid_out = {one.paid_on: one.amount for one in terms.tranches}
    paid_out = paid_out or {terms.disbursed_on: terms.lent}
    balance = Decimal(0)
    since = date.min
    for row in schedule.rows:
        new = [amount for day, amount in paid_out.items() if since <= day < row.due_on]
        assert row.opening == balance + sum(new)
        assert row.closing == row.opening - row.principal + row.capitalised
        assert row.instalment == row.principal + row.interest + row.fee
        balance, since = row.closing, row.due_on
    assert balance == 0
    assert sum(row.principal for row in schedule.rows) == terms.lent + schedule.total_capitalised


def _check_dates(schedule: Schedule) -> None:
    days = [row.due_on for row in schedule.rows]
    assert schedule.terms.disbursed_on < days[0]
    assert all(earlier < later for earlier, later in pairwise(days))
    assert [row.number for row in schedule.rows] == list(range(1, len(days) + 1))
    if schedule.terms.calendar.adjustment != "none" and schedule.terms.method != Method.CUSTOM:
        off = schedule.terms.calendar
        assert not any(day in off.holidays or day.weekday() in off.weekend for day in days)


def _check_nothing_is_negative(schedule: Schedule) -> None:
    for row in schedule.rows:
        amounts = (row.opening, row.principal, row.interest, row.fee, row.closing, row.capitalised)
        assert min(amounts) >= 0
        assert all(amount % UNITS[schedule.terms.currency] == 0 for amount in amounts)
    assert schedule.rows[-1].principal > 0
    assert schedule.net_disbursed > 0


def _check_totals(schedule: Schedule) -> None:
    assert schedule.total_principal == schedule.terms.lent
    assert schedule.total_payable + schedule.upfront_deductions == (
        schedule.total_principal + schedule.total_interest + schedule.total_fees
    )


def _check_interest(schedule: Schedule, charges: list[Decimal]) -> None:
    """Every row's interest, to the smallest unit, from its dates and what is owed."""
    grace = schedule.terms.grace
    waiting = NOTHING
    for row, charge in zip(schedule.rows, charges, strict=True):
        due, capitalised = charge + waiting, NOTHING
        waiting = NOTHING
        if row.number <= grace.interest:
            due, capitalised, waiting = NOTHING, NOTHING, due
            if grace.capitalised:
                capitalised, waiting = charge, NOTHING
        assert (row.interest, row.capitalised) == (due, capitalised)
    assert waiting == 0
    assert Fraction(schedule.upfront_interest) == _upfront(schedule.terms)


def _upfront(terms: Terms) -> Fraction:
    if terms.first_period != FirstPeriod.UPFRONT:
        return Fraction(0)
    start = recomputing.due_dates(terms, 1)[0]
    broken = recomputing.share(terms.disbursed_on, start, str(terms.day_count))
    return _flat(terms, broken)


def _check_flat_interest(schedule: Schedule) -> None:
    """Up to every due date it is lent x rate x time, a broken first period by itself."""
    terms = schedule.terms
    shares = recomputing.charged_shares(schedule)
    broken = Fraction(0)
    if terms.first_period == FirstPeriod.IN_FIRST_INSTALMENT and not terms.grace.interest_free:
        regular = recomputing.regular_first_share(schedule)
        broken = _flat(terms, shares[0]) - _flat(terms, regular)
        shares[0] = regular
    passed = accumulate(shares)
    paid = accumulate(row.interest for row in schedule.rows)
    for row, share, so_far in zip(schedule.rows, passed, paid, strict=True):
        charged = _flat(terms, share) + broken
        assert Fraction(so_far) == (charged if row.number > terms.grace.interest else 0)
    assert Fraction(schedule.upfront_interest) == _upfront(terms)


def _flat(terms: Terms, share: Fraction) -> Fraction:
    return recomputing.half_up(_yearly(terms) * share, terms.currency)


def _yearly(terms: Terms) -> Fraction:
    return Fraction(terms.lent) * Fraction(terms.annual_rate)


def _check_instalments_are_alike(schedule: Schedule, charges: list[Decimal]) -> None:
    """Instalments are equal, each rounded to its unit, and the last lies within its bound."""
    terms, count = schedule.terms, len(schedule.rows)
    # The first that repays, once everything is paid out; a broken first one is by itself.
    since = terms.grace.principal + 1
    if terms.tranches:
        last_paid = terms.tranches[-1].paid_on
        since = max(since, next(row.number for row in schedule.rows if row.due_on > last_paid))
    compared = range(max(since, 2), count)
    if terms.method in {Method.EQUAL_INSTALMENT, Method.BALLOON, Method.STEPPED} and compared:
        _check_level(schedule, charges, since)
    if terms.method == Method.EQUAL_PRINCIPAL and compared:
        parts = {schedule.rows[number - 1].principal for number in compared}
        assert len(parts) == 1
        part = parts.pop()
        assert part % _unit(terms) == 0
        assert abs(schedule.rows[-1].principal - part) <= _error(terms) * (count - since + 1)


def _check_level(schedule: Schedule, charges: list[Decimal], since: int) -> None:
    terms, last = schedule.terms, schedule.rows[-1]
    factors = [_factor(terms, row.number) for row in schedule.rows]
    levels: dict[Decimal, Decimal] = {}
    for number in range(max(since, 2), last.number):
        instalment = schedule.rows[number - 1].principal + charges[number - 1]
        assert levels.setdefault(factors[number - 1], instalment) == instalment
        assert instalment % _unit(terms) == 0
    if factors[-1] in levels:
        smallest = UNITS[terms.currency]
        growth = recomputing.growth(schedule, since)
        most = float(_error(terms) + smallest / 2) * growth + float(smallest)
        rest = last.principal + charges[-1] - (terms.balloon or 0)
        # A hair for the floating point of the bound.
        assert abs(rest - levels[factors[-1]]) <= most * (1 + 1e-9)


def _factor(terms: Terms, number: int) -> Decimal:
    return next((step.factor for step in terms.steps[::-1] if number >= step.first), Decimal(1))


def _unit(terms: Terms) -> Decimal:
    return terms.rounding_unit or UNITS[terms.currency]


def _error(terms: Terms) -> Decimal:
    return _unit(terms) / (2 if terms.rounding_mode.startswith("half") else 1)
