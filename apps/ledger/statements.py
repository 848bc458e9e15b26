"""A statement of account as it is read: rows for the page, a CSV table, and a PDF."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core import formatting
from apps.core.templatetags.format import day
from apps.ledger import labels
from apps.ledger.balances import Balances
from apps.ledger.chart import BORROWERS, Account, Event
from apps.ledger.statement import Row, Statement
from apps.letters import typesetting

_TEMPLATE = Path(__file__).resolve().parent / "statement.typ"


def what(row: Row) -> str:
    """Return what happened on a line of a statement, in words."""
    said = str(labels.EVENTS[row.event])
    if row.event is Event.INTEREST_ACCRUAL and row.until != row.day:
        return _("Interest accrued up to %(day)s") % {"day": day(row.until)}
    if row.of_day is not None:
        said = _("%(event)s, for %(day)s") % {"event": said, "day": day(row.of_day)}
    return _("%(event)s (reversed later)") % {"event": said} if row.is_reversed else said


def parts(row: Row) -> list[tuple[str, Decimal]]:
    """Return what a line changed, part by part, where more than one part changed."""
    changed = [(account, amount) for account, amount in row.parts.items() if amount]
    if len(changed) < 2:
        return []
    return [(str(labels.PARTS[account]), abs(amount)) for account, amount in changed]


def holdings(held: Balances) -> list[tuple[str, Decimal]]:
    """Return what is owed by parts, and what was paid ahead, without the parts that are zero."""
    return [(str(labels.PARTS[one]), held[one]) for one in BORROWERS if held[one]]


def shown(found: Statement) -> dict[str, Any]:
    """Return a statement as `ledger/_statement.html` shows it."""
    return {
        "statement": found,
        "rows": [{"row": row, "what": what(row), "parts": parts(row)} for row in found.rows],
        "holdings": holdings(found.closing),
    }


def table(found: Statement) -> Iterator[Sequence[Any]]:
    """Yield a statement as the rows of a CSV file: plain figures, days as ISO writes them."""
    names = [account.value for account in BORROWERS]
    head = ["day", "until", "event", "reference", "charged", "paid", "owed", "currency"]
    # Whoever reads the file counts columns: new ones come last.
    yield [*head, *names, "of_day"]
    yield [found.start, "", "opening", "", "", "", found.opening.owed, found.currency]
    for row in found.rows:
        yield [
            *(row.day, row.until, row.event.value, row.reference),
            *(row.charged, row.paid, row.owed, found.currency),
            *(_part(row, account) for account in BORROWERS),
            row.of_day or "",
        ]
    yield [
        *(found.end, "", "closing", "", found.charged, found.paid),
        *(found.closing.owed, found.currency),
        *(_signed(found.closing, account) for account in BORROWERS),
    ]


def pdf(found: Statement, *, number: str, lender: str, dated: date) -> bytes:
    """Return a statement as an accessible PDF. Raises RenderingFailed."""
    value = {
        "language": get_language() or "en",
        "day": [dated.year, dated.month, dated.day],
        "lender": lender,
        "title": _("Statement of account"),
        "subtitle": _("Loan %(number)s") % {"number": number},
        "period": _("From %(start)s to %(end)s, in %(currency)s")
        % {"start": day(found.start), "end": day(found.end), "currency": found.currency},
        "facts": _facts(found),
        "heading": [_("Day"), _("What"), _("Charged"), _("Paid"), _("Owed")],
        "rows": [
            [
                day(row.day),
                _with_parts(row, found.currency),
                *(_amount(each, found.currency) for each in (row.charged, row.paid)),
                formatting.format_amount(row.owed, found.currency),
            ]
            for row in found.rows
        ],
        "nothing": _("Nothing was posted in this time."),
        "made": _("Made on %(day)s.") % {"day": day(dated)},
        "page_label": _("Page {page} of {pages}"),
    }
    return typesetting.pdf(_TEMPLATE, name="statement", value=value, dated=dated)


def _facts(found: Statement) -> list[list[str]]:
    said = [
        (_("Owed before"), found.opening.owed),
        (_("Charged"), found.charged),
        (_("Paid"), found.paid),
        (_("Owed at the end"), found.closing.owed),
    ]
    whole = [[label, formatting.format_money(each, found.currency)] for label, each in said]
    return whole + [
        [label, formatting.format_money(each, found.currency)]
        for label, each in holdings(found.closing)
    ]


def _with_parts(row: Row, currency: str) -> str:
    split = " · ".join(
        f"{label} {formatting.format_amount(each, currency)}" for label, each in parts(row)
    )
    return f"{what(row)}\n{split}" if split else what(row)


def _amount(value: Decimal, currency: str) -> str:
    return formatting.format_amount(value, currency) if value else ""


def _part(row: Row, account: Account) -> Decimal | str:
    return row.parts.get(account, "")


def _signed(held: Balances, account: Account) -> Decimal:
    """Return what a part adds to what is owed."""
    return -held[account] if account is Account.ADVANCES else held[account]
