"""A quote on paper: its terms, its cost, its years and every instalment, as PDF."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core import formatting
from apps.letters import typesetting
from apps.schedules import measures, words
from apps.schedules.quotes import Quote, Year
from apps.schedules.terms import ZERO, Adjustment, Calendar, FeeTiming, Row, Schedule, Terms

# Also that of a loan's own schedule, which has the same parts.
TEMPLATE = Path(__file__).resolve().parent / "quote.typ"


def pdf(quote: Quote, *, lender: str, dated: date) -> bytes:
    """Return the quote as an accessible PDF. Raises RenderingFailed."""
    schedule = quote.schedule
    columns = _columns(schedule)
    value = {
        "language": get_language() or "en",
        "day": [dated.year, dated.month, dated.day],
        "lender": lender,
        "title": _("Quote"),
        "subtitle": _("Made on %(day)s") % {"day": _day(dated)},
        "terms": _terms(schedule),
        "cost": [[one.label, one.values[0][0]] for one in measures.of([quote])],
        "years_title": _("By year"),
        "years_heading": [_("Year"), *columns.values()],
        "years": [[str(one.year), *_amounts(one, columns, schedule)] for one in quote.years],
        "rows_title": _("Instalments, in %(currency)s") % {"currency": schedule.terms.currency},
        "rows_heading": [_("No."), _("Due on"), *columns.values()],
        "rows": [
            [str(row.number), _day(row.due_on), *_amounts(row, columns, schedule)]
            for row in schedule.rows
        ],
        "closing": _(
            "This is a calculation. It binds neither side: only an offer with its Key Facts"
            " Statement does."
        ),
        "page_label": _("Page {page} of {pages}"),
    }
    return typesetting.pdf(TEMPLATE, name="quote", value=value, dated=dated)


def _terms(schedule: Schedule) -> list[list[str]]:
    terms = schedule.terms
    said: Iterable[tuple[str, Any]] = (
        (_("Amount"), formatting.format_money(terms.principal, terms.currency)),
        (_("Down payment"), _money_or_nothing(terms.down_payment, terms.currency)),
        (_("Interest rate a year"), _rate(terms.annual_rate)),
        (_("Repayment"), words.METHODS[terms.method]),
        (_("Frequency"), words.FREQUENCIES[terms.frequency]),
        (_("Days are counted"), words.DAY_COUNTS[terms.day_count]),
        (_("Paid out on"), _day(terms.disbursed_on)),
        (_("First instalment on"), _day(schedule.rows[0].due_on)),
        (_("Last instalment on"), _day(schedule.rows[-1].due_on)),
        *_fees(terms),
        *_special(terms),
    )
    return [[label, str(text)] for label, text in said if text]


def _fees(terms: Terms) -> Iterator[tuple[str, str]]:
    kinds = (
        (_("Fee, deducted"), FeeTiming.UPFRONT, False),
        (_("Third parties' fees, deducted"), FeeTiming.UPFRONT, True),
        (_("Fee with the first instalment"), FeeTiming.FIRST_INSTALMENT, False),
        (_("Fee with each instalment"), FeeTiming.EACH_INSTALMENT, False),
    )
    for label, timing, is_third_party in kinds:
        amounts = (
            fee.amount
            for fee in terms.fees
            if (fee.timing, fee.is_third_party) == (timing, is_third_party)
        )
        yield label, _money_or_nothing(sum(amounts, ZERO), terms.currency)


def _special(terms: Terms) -> Iterator[tuple[str, Any]]:
    """Yield what most loans do not have: grace, a balloon, a unit, days off."""
    given, unit = terms.grace, terms.rounding_unit or ZERO
    yield _("Balloon"), _money_or_nothing(terms.balloon or ZERO, terms.currency)
    yield _("Instalments without principal"), given.principal
    yield _("Instalments without interest payment"), given.interest
    yield _("Instalments free of interest"), given.interest_free
    if given.principal or given.interest:
        yield _("Instalments of grace"), words.GRACE_TERMS[given.term]
    if given.capitalised:
        yield _("Unpaid interest joins the balance"), _("Yes")
    yield from _lists(terms)
    yield _("Instalment in whole"), _money_or_nothing(unit, terms.currency)
    if unit:
        yield _("Rounded"), words.ROUNDINGS[terms.rounding_mode]
    if terms.first_due_on:
        yield _("A longer or shorter first period"), words.FIRST_PERIODS[terms.first_period]
    if terms.calendar.adjustment != Adjustment.NONE:
        yield _("Days off"), _days_off(terms.calendar)
        yield _("A due date on a day off"), words.ADJUSTMENTS[terms.calendar.adjustment]


def _lists(terms: Terms) -> Iterator[tuple[str, str]]:
    """Yield the steps and the parts a loan is paid out in; agreed instalments are the rows."""
    steps = (
        _("from instalment %(first)s times %(factor)s")
        % {"first": one.first, "factor": f"{one.factor.normalize():f}"}
        for one in terms.steps
    )
    parts = (
        f"{_day(one.paid_on)}: {formatting.format_money(one.amount, terms.currency)}"
        for one in terms.tranches
    )
    yield _("Steps"), "; ".join(steps)
    yield _("Paid out in parts"), "; ".join(parts)


def _days_off(calendar: Calendar) -> str:
    weekend = (str(WEEKDAYS[day]) for day in sorted(calendar.weekend))
    return ", ".join((*weekend, *(_day(day) for day in sorted(calendar.holidays))))


def _rate(rate: Decimal) -> str:
    """Return a contract's rate with all its decimals, two at least."""
    _sign, _digits, exponent = (rate * 100).normalize().as_tuple()
    return formatting.format_percent(rate, decimals=max(2, -int(exponent)))


def _columns(schedule: Schedule) -> dict[str, str]:
    """Return the amounts of a line by their headings."""
    found = {
        "principal": _("Principal"),
        "interest": _("Interest"),
        "fee": _("Fee"),
        "instalment": _("Instalment"),
        "capitalised": _("Joins the balance"),
        "closing": _("Owed then"),
    }
    if not schedule.total_capitalised:
        del found["capitalised"]
    return found


def _amounts(line: Row | Year, columns: Iterable[str], schedule: Schedule) -> list[str]:
    currency = schedule.terms.currency
    return [formatting.format_amount(getattr(line, name), currency) for name in columns]


def _money_or_nothing(amount: Decimal, currency: str) -> str:
    return formatting.format_money(amount, currency) if amount else ""


def _day(day: date) -> str:
    return date_format(day)
