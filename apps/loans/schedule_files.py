"""A loan's schedule to take along: as a table, as a paper, and as a calendar of its due dates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import icalendar
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core import formatting
from apps.core.errors import NotVisible
from apps.core.spreadsheets import csv_lines
from apps.letters import typesetting
from apps.loans import arrears, presentation, selectors
from apps.loans.models import Instalment, Loan, ScheduleVersion
from apps.schedules import papers, quotes, words
from apps.schedules.quotes import Year
from apps.schedules.terms import DayCount, Frequency, Method, Row

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "ics": "text/calendar; charset=utf-8",
}
_COLUMNS = (
    *("number", "due_on", "opening", "principal", "interest", "fee", "instalment"),
    *("closing", "paid", "unpaid", "state", "currency"),
)
_PRODUCT = "-//CreditRisk//Loans//EN"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One schedule of a loan with its rows, as it stands on a day."""

    loan: Loan
    version: ScheduleVersion
    rows: tuple[Instalment, ...]
    day: date

    @property
    def name(self) -> str:
        """The name of its files: whose it is, and which of the loan's schedules."""
        return f"schedule-{self.loan.number}-{self.version.number}"

    @property
    def is_followed(self) -> bool:
        """Whether payments go to its rows: it is in force, on a loan that runs."""
        return self.version.in_force and self.loan.status == "active"

    def state(self, row: Instalment) -> str:
        """Return the state of a row in words; nothing where payments do not go to it."""
        if not self.is_followed and not row.paid:
            return ""
        return str(presentation.INSTALMENTS[arrears.state(row, self.day)].word)


def of(loan: Loan, asked: str, *, day: date) -> Shown:
    """Return the schedule in force, or the version asked for, as it stands on a day.

    Raises NotVisible where the loan has no such schedule.
    """
    version = selectors.version(loan, asked)
    rows = tuple(version.instalments.order_by("number"))
    return Shown(loan=loan, version=version, rows=rows, day=day)


def response(shown: Shown, form: str, *, made_at: datetime) -> HttpResponse:
    """Return a file as an answer that is saved and not kept on the way.

    Raises NotVisible for a form that is none of `KINDS`, RenderingFailed.
    """
    if form not in KINDS:
        raise NotVisible("not_found", _("A schedule is a table, a paper or a calendar."))
    answer = HttpResponse(content(shown, form, made_at=made_at), content_type=KINDS[form])
    answer["Content-Disposition"] = f'attachment; filename="{shown.name}.{form}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer


def content(shown: Shown, form: str, *, made_at: datetime) -> bytes:
    """Return a schedule in one of `KINDS`. Raises RenderingFailed."""
    if form == "csv":
        return "".join(csv_lines(table(shown))).encode()
    return pdf(shown) if form == "pdf" else calendar(shown, made_at=made_at)


def table(shown: Shown) -> Iterator[Sequence[Any]]:
    """Yield the heading and a line for each instalment; amounts in the loan's currency."""
    yield _COLUMNS
    for row in shown.rows:
        yield (
            *(row.number, row.due_date, row.opening, row.principal, row.interest, row.fee),
            *(row.due, row.closing, row.paid, row.unpaid),
            *(shown.state(row), shown.loan.currency),
        )


def calendar(shown: Shown, *, made_at: datetime) -> bytes:
    """Return the due dates as an iCalendar file (RFC 5545), one whole-day event each.

    An instalment keeps its identity from one schedule to the next, so that a calendar that takes
    in the present one moves what it had of the original. What is paid is left out of the schedule
    in force: it is to be paid no more.
    """
    found = icalendar.Calendar()
    found.add("prodid", _PRODUCT)
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    name = _("Instalments of loan %(number)s") % {"number": shown.loan.number}
    found.add("x-wr-calname", name)
    for row in shown.rows:
        if not shown.is_followed or row.unpaid:
            found.add_component(_event(row, shown, made_at))
    return found.to_ical()


def pdf(shown: Shown) -> bytes:
    """Return the schedule as an accessible PDF. Raises RenderingFailed."""
    rows = [_row(one) for one in shown.rows]
    columns = _columns(rows)
    currency = shown.loan.currency
    value = {
        "language": get_language() or "en",
        "day": [shown.day.year, shown.day.month, shown.day.day],
        "lender": shown.loan.branch.entity.name,
        "title": _("Schedule of loan %(number)s") % {"number": shown.loan.number},
        "subtitle": _("As of %(day)s") % {"day": _day(shown.day)},
        "terms": _contract(shown),
        "cost": _standing(shown),
        "years_title": _("By year"),
        "years_heading": [_("Year"), *columns.values()],
        "years": [
            [str(one.year), *_amounts(one, columns, currency)] for one in quotes.by_year(rows)
        ],
        "rows_title": _("Instalments, in %(currency)s") % {"currency": currency},
        "rows_heading": [_("No."), _("Due on"), *columns.values()],
        "rows": [
            [str(row.number), _day(row.due_on), *_amounts(row, columns, currency)] for row in rows
        ],
        "closing": f"{shown.loan.branch.entity.name} · {shown.version.get_reason_display()}",
        "page_label": _("Page {page} of {pages}"),
    }
    return typesetting.pdf(papers.TEMPLATE, name="quote", value=value, dated=shown.day)


def _event(row: Instalment, shown: Shown, made_at: datetime) -> icalendar.Event:
    currency = shown.loan.currency
    event = icalendar.Event()
    event.add("uid", f"{shown.loan.pk}-{row.number}@creditrisk")
    event.add("dtstamp", made_at)
    event.add("sequence", shown.version.number)
    event.add("dtstart", row.due_date)
    event.add("transp", "TRANSPARENT")
    is_open = shown.is_followed
    said = {
        "number": row.number,
        "count": max(one.number for one in shown.rows),
        "loan": shown.loan.number,
        "amount": formatting.format_money(row.unpaid if is_open else row.due, currency),
    }
    event.add("summary", _("Instalment %(number)s of %(count)s, loan %(loan)s: %(amount)s") % said)
    parts = {
        "principal": formatting.format_money(row.principal, currency),
        "interest": formatting.format_money(row.interest, currency),
        "fee": formatting.format_money(row.fee, currency),
        "closing": formatting.format_money(row.closing, currency),
    }
    text = _("Principal %(principal)s, interest %(interest)s, fee %(fee)s; owed then %(closing)s.")
    event.add("description", text % parts)
    return event


def _row(one: Instalment) -> Row:
    """Return an instalment as a row of a schedule; what joined the balance follows from it."""
    return Row(
        number=one.number,
        due_on=one.due_date,
        opening=one.opening,
        principal=one.principal,
        interest=one.interest,
        fee=one.fee,
        instalment=one.due,
        closing=one.closing,
        capitalised=one.closing - one.opening + one.principal,
        # Not printed, and not kept of a row.
        starts_on=one.due_date,
        fraction=Fraction(0),
    )


def _columns(rows: Sequence[Row]) -> dict[str, str]:
    """Return the amounts of a line by their headings; no fees where there are none."""
    found = {
        "principal": _("Principal"),
        "interest": _("Interest"),
        "fee": _("Fee"),
        "instalment": _("Instalment"),
        "closing": _("Owed then"),
    }
    if not any(row.fee for row in rows):
        del found["fee"]
    return found


def _contract(shown: Shown) -> list[list[str]]:
    loan, terms = shown.loan, shown.version.terms
    said = (
        (_("Amount"), formatting.format_money(loan.principal, loan.currency)),
        (_("Interest rate a year"), _rate(Decimal(terms["annual_rate"]))),
        (_("Repayment"), words.METHODS[Method(terms["method"])]),
        (_("Frequency"), words.FREQUENCIES[Frequency(terms["frequency"])]),
        (_("Days are counted"), words.DAY_COUNTS[DayCount(terms["day_count"])]),
        (_("Paid out on"), _day(loan.disbursed_date) if loan.disbursed_date else _("Not yet")),
    )
    return [[label, str(text)] for label, text in said]


def _standing(shown: Shown) -> list[list[str]]:
    """Return which schedule it is, its sums and, where it is followed, what was paid."""
    rows, currency = shown.rows, shown.loan.currency

    def total(name: str) -> str:
        amount = sum((getattr(row, name) for row in rows), Decimal(0))
        return formatting.format_money(amount, currency)

    said = [
        [_("Version"), f"{shown.version.number} · {shown.version.get_kind_display()}"],
        [_("Instalments"), str(len(rows))],
        [_("Interest in all"), total("interest")],
        [_("To be paid in all"), total("due")],
    ]
    if shown.is_followed:
        said += [
            [_("Paid of this schedule"), total("paid")],
            [_("Still to be paid"), total("unpaid")],
        ]
    return said


def _amounts(line: Row | Year, columns: dict[str, str], currency: str) -> list[str]:
    return [formatting.format_amount(getattr(line, name), currency) for name in columns]


def _rate(rate: Decimal) -> str:
    _sign, _digits, exponent = (rate * 100).normalize().as_tuple()
    return formatting.format_percent(rate, decimals=max(2, -int(exponent)))


def _day(day: date) -> str:
    return date_format(day)
