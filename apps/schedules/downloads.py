"""A quote as a table for spreadsheets and as a calendar of its due dates."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import icalendar
from django.utils.translation import gettext as _

from apps.core import formatting
from apps.core.spreadsheets import csv_lines
from apps.schedules.terms import Row, Schedule

_COLUMNS = (
    "number",
    "due_on",
    "opening",
    "principal",
    "interest",
    "fee",
    "instalment",
    "capitalised",
    "closing",
)
_PRODUCT = "-//CreditRisk//Schedules//EN"


def table(schedule: Schedule) -> Iterator[Sequence[Any]]:
    """Yield the heading and a line for each instalment; amounts in the loan's currency."""
    yield [*_COLUMNS, "currency"]
    for row in schedule.rows:
        yield [*(getattr(row, name) for name in _COLUMNS), schedule.terms.currency]


def calendar(schedule: Schedule, *, made_at: datetime) -> bytes:
    """Return the due dates as an iCalendar file (RFC 5545), one whole-day event each.

    The same schedule gives its events the same identity, so that a calendar that takes the file in
    twice holds them once.
    """
    found = icalendar.Calendar()
    found.add("prodid", _PRODUCT)
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", _("Instalments"))
    identity = _identity(schedule)
    for row in schedule.rows:
        found.add_component(_event(row, schedule, identity, made_at))
    return found.to_ical()


def _event(row: Row, schedule: Schedule, identity: str, made_at: datetime) -> icalendar.Event:
    currency = schedule.terms.currency
    event = icalendar.Event()
    event.add("uid", f"{identity}-{row.number}@creditrisk")
    event.add("dtstamp", made_at)
    event.add("dtstart", row.due_on)
    event.add("transp", "TRANSPARENT")
    words = {
        "number": row.number,
        "count": len(schedule.rows),
        "amount": formatting.format_money(row.instalment, currency),
    }
    event.add("summary", _("Instalment %(number)s of %(count)s: %(amount)s") % words)
    parts = {
        "principal": formatting.format_money(row.principal, currency),
        "interest": formatting.format_money(row.interest, currency),
        "fee": formatting.format_money(row.fee, currency),
        "closing": formatting.format_money(row.closing, currency),
    }
    text = _("Principal %(principal)s, interest %(interest)s, fee %(fee)s; owed then %(closing)s.")
    event.add("description", text % parts)
    return event


def _identity(schedule: Schedule) -> str:
    # Not of the terms: 20000 and 20000.00 are the same loan.
    written = "".join(csv_lines(table(schedule)))
    return hashlib.sha256(written.encode()).hexdigest()[:32]
