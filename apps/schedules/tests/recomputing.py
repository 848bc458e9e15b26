"""Schedules computed again in the plainest way, to compare the product's with.

Nothing of the product's arithmetic is used: shares of a year are counted year by year, dates come
from dateutil, every amount is an exact Fraction, and half-up is a floor.
"""

import calendar
import math
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]

from apps.schedules.terms import Schedule, Terms

MONTHS = {"monthly": 1, "end_of_month": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
DAYS = {"daily": 1, "weekly": 7, "fortnightly": 14, "four_weekly": 28}
UNITS = {"INR": 100, "USD": 100, "UGX": 1}


def share(start: date, end: date, day_count: str) -> Fraction:
    """Return the share of a year between two days."""
    if day_count in {"30_360_us", "30_360_eu"}:
        return Fraction(_months_of_thirty(start, end, day_count), 360)
    if day_count in {"act_365", "act_360"}:
        return Fraction(end.toordinal() - start.toordinal(), int(day_count[-3:]))
    total = Fraction(0)
    for year in range(start.year, end.year + 1):
        begins = max(start, date(year, 1, 1)).toordinal()
        ends = min(end, date(year + 1, 1, 1)).toordinal()
        total += Fraction(ends - begins, 366 if calendar.isleap(year) else 365)
    return total


def _months_of_thirty(start: date, end: date, day_count: str) -> int:
    def is_february_end(day: date) -> bool:
        return day.month == 2 and (day + timedelta(days=1)).month == 3

    first, last = start.day, end.day
    if day_count == "30_360_eu":
        first, last = (30 if day == 31 else day for day in (first, last))
    else:
        if is_february_end(start) and is_february_end(end):
            last = 30
        if is_february_end(start) or first == 31:
            first = 30
        if last == 31 and first == 30:
            last = 30
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def due_dates(terms: Terms, count: int) -> list[date]:
    """Return the start of the first regular period and all due dates, before days off."""
    name = str(terms.frequency)
    if name == "daily" and terms.calendar.adjustment != "none":
        return _working_days(terms, count)
    if name in DAYS:
        first = terms.first_due_on or terms.disbursed_on + timedelta(days=DAYS[name])
        return [first + timedelta(days=DAYS[name] * (k - 1)) for k in range(count + 1)]
    if name == "semi_monthly":
        return _half_months(terms, count)
    months = MONTHS[name]
    month_end = relativedelta(day=31) if name == "end_of_month" else relativedelta()
    by_default = terms.disbursed_on + relativedelta(months=months) + month_end
    if terms.first_due_on in {None, by_default}:
        return [
            terms.disbursed_on + relativedelta(months=months * k) + month_end
            for k in range(count + 1)
        ]
    return [
        terms.first_due_on + relativedelta(months=months * (k - 1)) + month_end
        for k in range(count + 1)
    ]


def _half_months(terms: Terms, count: int) -> list[date]:
    def pair(anchor: date) -> list[date]:
        early = anchor.day if anchor.day <= 15 else anchor.day - 15
        begin = anchor + relativedelta(months=-1, day=1)
        return [
            begin + relativedelta(months=k // 2, day=early + 15 * (k % 2)) for k in range(count + 8)
        ]

    days = pair(terms.disbursed_on)
    at = days.index(terms.disbursed_on) + 1
    if terms.first_due_on not in {None, days[at]}:
        days = pair(terms.first_due_on)
        at = days.index(terms.first_due_on)
    return days[at - 1 : at + count]


def _working_days(terms: Terms, count: int) -> list[date]:
    begin = terms.disbursed_on - timedelta(days=60)
    days = [begin + timedelta(days=k) for k in range(3 * count + 400)]
    working = [day for day in days if not _is_off(day, terms)]
    after = terms.first_due_on or terms.disbursed_on + timedelta(days=1)
    first = next(k for k, day in enumerate(working) if day >= after)
    return working[first - 1 : first + count]


def _is_off(day: date, terms: Terms) -> bool:
    return day.weekday() in terms.calendar.weekend or day in terms.calendar.holidays


def moved(day: date, terms: Terms) -> date:
    """Return a due date after days off."""
    later = earlier = day
    while _is_off(later, terms):
        later += timedelta(days=1)
    while _is_off(earlier, terms):
        earlier -= timedelta(days=1)
    name = str(terms.calendar.adjustment)
    if name == "modified_following":
        return later if later.month == day.month else earlier
    return {"none": day, "previous": earlier, "next": later}[name]


def half_up(amount: Fraction, currency: str) -> Fraction:
    """Return an amount rounded half-up to the smallest unit."""
    units = UNITS[currency]
    return Fraction(math.floor(amount * units + Fraction(1, 2)), units)


def charged_shares(schedule: Schedule) -> list[Fraction]:
    """Return the share of a year that each row is to be charged for, from terms and dates."""
    terms = schedule.terms
    count = terms.instalments
    if terms.grace.term == "extending":
        count += max(terms.grace.principal, terms.grace.interest)
    is_custom = terms.method == "custom"
    plain = [] if is_custom else due_dates(terms, count)
    due = [row.due_on for row in terms.rows] if is_custom else [moved(d, terms) for d in plain[1:]]
    begins = plain[0] if terms.first_period == "upfront" else terms.disbursed_on
    starts = [begins, *due[:-1]]
    shares = []
    for k, (start, end) in enumerate(zip(starts, due, strict=True)):
        is_regular = not is_custom and [start, end] == plain[k : k + 2]
        shares.append(_charged(terms, start, end, is_regular))
    free = terms.grace.interest_free
    if terms.method == "single":
        whole = _whole_months(terms)
        if whole is not None and all(one == whole for one in shares[free:]):
            return [whole * (count - free)]
        return [share(starts[free], due[-1], str(terms.day_count))]
    return [Fraction(0) if k < free else one for k, one in enumerate(shares)]


def _charged(terms: Terms, start: date, end: date, is_regular: bool) -> Fraction:
    whole = _whole_months(terms)
    if is_regular and whole is not None:
        return whole
    return share(start, end, str(terms.day_count))


def _whole_months(terms: Terms) -> Fraction | None:
    if not str(terms.day_count).startswith("30_360"):
        return None
    if terms.frequency == "semi_monthly":
        return Fraction(1, 24)
    months = MONTHS.get(str(terms.frequency))
    return None if months is None else Fraction(months, 12)


def interest_of_rows(schedule: Schedule) -> list[Decimal]:
    """Return each period's interest, from the principals that rows repay and their dates.

    In whole numbers: smallest units, times the rate's and the shares' numerators.
    """
    terms, units = schedule.terms, UNITS[schedule.terms.currency]
    rate, per = terms.annual_rate.as_integer_ratio()
    waiting = [(one.paid_on, int(one.amount * units)) for one in terms.tranches]
    waiting = waiting or [(terms.disbursed_on, int(terms.lent * units))]
    balance = 0
    found = []
    for row, charged in zip(schedule.rows, charged_shares(schedule), strict=True):
        parts = [(balance, charged)]
        while waiting and waiting[0][0] < row.due_on:
            day, amount = waiting.pop(0)
            passed = share(row.starts_on, max(day, row.starts_on), str(terms.day_count))
            parts.append((amount, max(Fraction(0), charged - passed)))
            balance += amount
        whole = math.lcm(*(part.denominator for _, part in parts))
        time = sum(owed * part.numerator * (whole // part.denominator) for owed, part in parts)
        # Half-up: the floor of twice the amount and one, halved.
        interest = (2 * time * rate + per * whole) // (2 * per * whole)
        found.append(Decimal(interest) / units)
        balance += int((row.capitalised - row.principal) * units)
    return found


def regular_first_share(schedule: Schedule) -> Fraction:
    """Return the share of a year of the first period, taken as a regular one."""
    terms, first = schedule.terms, schedule.rows[0]
    begins, ends = due_dates(terms, 1)
    return _charged(terms, begins, first.due_on, is_regular=ends == first.due_on)


def growth(schedule: Schedule, since: int) -> float:
    """Return what one unit more in every instalment from row `since` on comes to at the end."""
    rate = float(schedule.terms.annual_rate)
    total = 0.0
    for number, charged in enumerate(charged_shares(schedule), start=1):
        if number >= since:
            total = total * (1 + rate * float(charged) if number > since else 1) + 1
    return total
