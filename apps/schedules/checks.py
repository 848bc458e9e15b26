"""What terms must satisfy field by field, before they are looked at together. Pure.

Each check says in a sentence what to mend; all wrong fields are named at once.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from apps.core.formatting import format_money
from apps.core.money import MINOR_UNITS, quantum
from apps.schedules import combinations
from apps.schedules.refusals import Faults, gettext_noop
from apps.schedules.terms import (
    Adjustment,
    DayCount,
    FeeTiming,
    FirstPeriod,
    Frequency,
    GraceTerm,
    Method,
    Rounding,
    Terms,
)

# No lender of ours lends, charges or waits for more; a typing error does.
LARGEST_AMOUNT = Decimal(10) ** 12
LARGEST_SAID = f"{LARGEST_AMOUNT:,}"
TOO_LARGE = gettext_noop("The amount must not be above %(largest)s.")
HIGHEST_RATE = Decimal(10)
LARGEST_FACTOR = Decimal(100)
MOST_INSTALMENTS = 3660
MOST_DAYS_OFF = 10_000
EARLIEST, LATEST = date(1950, 1, 1), date(2150, 1, 1)
_DECIMALS = 12


def check(terms: Terms) -> None:
    """Raise TermsRefused, with a sentence for every field that is wrong."""
    faults = Faults()
    _check_choices(terms, faults)
    if not isinstance(terms.currency, str) or terms.currency not in MINOR_UNITS:
        pattern = gettext_noop("“%(currency)s” is not a currency this lender uses.")
        faults.add("currency", "currency", pattern, currency=terms.currency)
    else:
        _check_amounts(terms, faults)
    _check_rate(terms.annual_rate, faults)
    _check_counts(terms, faults)
    _check_dates(terms, faults)
    _check_calendar(terms, faults)
    _check_factors(terms, faults)
    faults.raise_if_any()
    if sum(fee.amount for fee in terms.fees) > LARGEST_AMOUNT:
        faults.add("fees", "amount", TOO_LARGE, largest=LARGEST_SAID)
    combinations.check(terms, faults)
    faults.raise_if_any()


def _check_choices(terms: Terms, faults: Faults) -> None:
    for name, kind, value in _choices(terms):
        if not isinstance(value, kind):
            pattern = gettext_noop("“%(value)s” is none of: %(known)s.")
            faults.add(name, "unknown", pattern, value=value, known=", ".join(kind))


def _choices(terms: Terms) -> Iterator[tuple[str, type[StrEnum], object]]:
    yield "frequency", Frequency, terms.frequency
    yield "method", Method, terms.method
    yield "day_count", DayCount, terms.day_count
    yield "rounding_mode", Rounding, terms.rounding_mode
    yield "first_period", FirstPeriod, terms.first_period
    yield "grace.term", GraceTerm, terms.grace.term
    yield "calendar.adjustment", Adjustment, terms.calendar.adjustment
    for number, fee in enumerate(terms.fees, start=1):
        yield f"fees.{number}.timing", FeeTiming, fee.timing


def _check_amounts(terms: Terms, faults: Faults) -> None:
    """Check that amounts are finite, in range, and whole numbers of the smallest unit."""
    for name, amount, may_be_zero in _amounts(terms):
        if not isinstance(amount, Decimal) or not amount.is_finite():
            faults.add(name, "amount", gettext_noop("This is not an amount."))
        elif amount < 0 or not (amount or may_be_zero):
            pattern = gettext_noop("The amount must be above zero.")
            if may_be_zero:
                pattern = gettext_noop("The amount must not be negative.")
            faults.add(name, "amount", pattern)
        elif amount > LARGEST_AMOUNT:
            faults.add(name, "amount", TOO_LARGE, largest=LARGEST_SAID)
        elif amount % quantum(terms.currency):
            pattern = gettext_noop("The amount has fractions of the smallest unit, %(unit)s.")
            faults.add(
                name, "amount", pattern, unit=format_money(quantum(terms.currency), terms.currency)
            )


def _amounts(terms: Terms) -> Iterator[tuple[str, object, bool]]:
    """Return each amount's field and whether it may be zero."""
    yield "principal", terms.principal, False
    yield "down_payment", terms.down_payment, True
    if terms.rounding_unit is not None:
        yield "rounding_unit", terms.rounding_unit, False
    if terms.balloon is not None:
        yield "balloon", terms.balloon, False
    for number, tranche in enumerate(terms.tranches, start=1):
        yield f"tranches.{number}.amount", tranche.amount, False
    for number, row in enumerate(terms.rows, start=1):
        yield f"rows.{number}.principal", row.principal, True
    for number, fee in enumerate(terms.fees, start=1):
        yield f"fees.{number}.amount", fee.amount, True


def _check_rate(rate: object, faults: Faults) -> None:
    if not isinstance(rate, Decimal) or not rate.is_finite():
        faults.add("annual_rate", "rate", gettext_noop("This is not a rate."))
    elif rate < 0:
        faults.add("annual_rate", "rate", gettext_noop("The rate must not be negative."))
    elif rate > HIGHEST_RATE:
        pattern = gettext_noop(
            "The rate is a fraction a year, 0.12 for 12 %%, and at most %(highest)s."
        )
        faults.add("annual_rate", "rate", pattern, highest=HIGHEST_RATE)
    elif _has_too_many_decimals(rate):
        pattern = gettext_noop("The rate must not have more than %(decimals)s decimals.")
        faults.add("annual_rate", "rate", pattern, decimals=_DECIMALS)


def _check_counts(terms: Terms, faults: Faults) -> None:
    grace = terms.grace
    for name, count, least in (
        ("instalments", terms.instalments, 1),
        ("grace.principal", grace.principal, 0),
        ("grace.interest", grace.interest, 0),
        ("grace.interest_free", grace.interest_free, 0),
        *(
            (f"steps.{number}.first", step.first, 2)
            for number, step in enumerate(terms.steps, start=1)
        ),
    ):
        is_whole = isinstance(count, int) and not isinstance(count, bool)
        if not is_whole or not least <= count <= MOST_INSTALMENTS:
            pattern = gettext_noop("This must be a whole number from %(least)s to %(most)s.")
            faults.add(name, "count", pattern, least=least, most=MOST_INSTALMENTS)


def _check_dates(terms: Terms, faults: Faults) -> None:
    for name, day in _dates(terms):
        is_date = isinstance(day, date) and not isinstance(day, datetime)
        if not is_date or not EARLIEST <= day <= LATEST:
            pattern = gettext_noop("This must be a date from %(earliest)s to %(latest)s.")
            faults.add(name, "date", pattern, earliest=EARLIEST, latest=LATEST)


def _dates(terms: Terms) -> Iterator[tuple[str, date]]:
    yield "disbursed_on", terms.disbursed_on
    if terms.first_due_on is not None:
        yield "first_due_on", terms.first_due_on
    for number, tranche in enumerate(terms.tranches, start=1):
        yield f"tranches.{number}.paid_on", tranche.paid_on
    for number, row in enumerate(terms.rows, start=1):
        yield f"rows.{number}.due_on", row.due_on


def _check_calendar(terms: Terms, faults: Faults) -> None:
    weekend = terms.calendar.weekend
    if not weekend <= set(range(7)) or len(weekend) == 7:
        pattern = gettext_noop("A weekend is some of the days 0 (Monday) to 6, and not all.")
        faults.add("calendar.weekend", "calendar", pattern)
    if len(terms.calendar.holidays) > MOST_DAYS_OFF:
        pattern = gettext_noop("A calendar has at most %(most)s holidays.")
        faults.add("calendar.holidays", "calendar", pattern, most=MOST_DAYS_OFF)


def _check_factors(terms: Terms, faults: Faults) -> None:
    for number, step in enumerate(terms.steps, start=1):
        factor = step.factor
        is_number = isinstance(factor, Decimal) and factor.is_finite()
        if is_number and 0 < factor <= LARGEST_FACTOR and not _has_too_many_decimals(factor):
            continue
        pattern = gettext_noop("A step is a factor above 0 and at most %(largest)s.")
        faults.add(f"steps.{number}.factor", "step", pattern, largest=LARGEST_FACTOR)


def _has_too_many_decimals(number: Decimal) -> bool:
    return number != round(number, _DECIMALS)
