"""A quote on paper: its terms, its cost, its years and every instalment, as PDF."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core import formatting
from apps.letters import typesetting
from apps.schedules import measures, words
from apps.schedules.quotes import Quote
from apps.schedules.terms import Schedule

_TEMPLATE = Path(__file__).resolve().parent / "quote.typ"


def pdf(quote: Quote, *, lender: str, dated: date) -> bytes:
    """Return the quote as an accessible PDF. Raises RenderingFailed."""
    schedule = quote.schedule
    currency = schedule.terms.currency
    value = {
        "language": get_language() or "en",
        "day": [dated.year, dated.month, dated.day],
        "lender": lender,
        "title": _("Quote"),
        "subtitle": _("Made on %(day)s") % {"day": _day(dated)},
        "terms": _terms(schedule),
        "cost": [[one.label, one.values[0][0]] for one in measures.of([quote])],
        "years_title": _("By year"),
        "years_heading": [_("Year"), *_amounts_heading()],
        "years": [[str(one.year), *_amounts(one, currency)] for one in quote.years],
        "rows_title": _("Instalments, in %(currency)s") % {"currency": currency},
        "rows_heading": [_("No."), _("Due on"), *_amounts_heading()],
        "rows": [
            [str(row.number), _day(row.due_on), *_amounts(row, currency)] for row in schedule.rows
        ],
        "closing": _(
            "This is a calculation. It binds neither side: only an offer with its Key Facts"
            " Statement does."
        ),
        "page_label": _("Page {page} of {pages}"),
    }
    return typesetting.pdf(_TEMPLATE, name="quote", value=value, dated=dated)


def _terms(schedule: Schedule) -> list[list[str]]:
    terms = schedule.terms
    said: Iterable[tuple[str, Any]] = (
        (_("Amount"), formatting.format_money(terms.principal, terms.currency)),
        (_("Down payment"), _money_or_nothing(terms.down_payment, terms.currency)),
        (_("Interest rate a year"), formatting.format_percent(terms.annual_rate, decimals=2)),
        (_("Repayment"), words.METHODS[terms.method]),
        (_("Frequency"), words.FREQUENCIES[terms.frequency]),
        (_("Days are counted"), words.DAY_COUNTS[terms.day_count]),
        (_("Paid out on"), _day(terms.disbursed_on)),
        (_("First instalment on"), _day(schedule.rows[0].due_on)),
        (_("Last instalment on"), _day(schedule.rows[-1].due_on)),
    )
    return [[label, str(text)] for label, text in said if text]


def _amounts_heading() -> list[str]:
    return [_("Principal"), _("Interest"), _("Fee"), _("Instalment"), _("Owed then")]


def _amounts(line: Any, currency: str) -> list[str]:
    found = (line.principal, line.interest, line.fee, line.instalment, line.closing)
    return [formatting.format_amount(one, currency) for one in found]


def _money_or_nothing(amount: Decimal, currency: str) -> str:
    return formatting.format_money(amount, currency) if amount else ""


def _day(day: date) -> str:
    return date_format(day, "j M Y")
