"""A trial balance to take along: as a table for spreadsheets and as a paper."""

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
from apps.ledger.trial import Held, Part
from apps.letters import typesetting

# Whoever reads the file counts columns: new ones come last.
COLUMNS = ("as_of", "currency", "account_number", "account", "kind", "debit", "credit")
# A side that holds nothing is written like the others.
_CENTS = Decimal("0.00")
_TEMPLATE = Path(__file__).resolve().parent / "trial.typ"


def table(parts: Sequence[Part], as_of: date) -> Iterator[Sequence[Any]]:
    """Yield the heading, a line for each account, and at the end of each currency its totals."""
    yield COLUMNS
    for part in parts:
        for held in part.accounts:
            account = held.account
            yield [
                *(as_of, part.currency, account.number, account.value, account.kind.value),
                *(held.debit + _CENTS, held.credit + _CENTS),
            ]
        yield [as_of, part.currency, "", "total", "", part.debit, part.credit]


def pdf(parts: Sequence[Part], as_of: date, *, whose: str, lender: str, dated: date) -> bytes:
    """Return a trial balance as an accessible PDF. Raises RenderingFailed."""
    value = {
        "language": get_language() or "en",
        "day": [dated.year, dated.month, dated.day],
        "lender": lender,
        "title": _("Trial balance"),
        "subtitle": f"{whose} · {day(as_of)}",
        "heading": [_("No."), _("Account"), _("Debit"), _("Credit")],
        "parts": [_part(one) for one in parts],
        "nothing": _("Up to this day nothing was posted in these books."),
        "made": _("Made on %(day)s.") % {"day": day(dated)},
        "page_label": _("Page {page} of {pages}"),
    }
    return typesetting.pdf(_TEMPLATE, name="trial", value=value, dated=dated)


def _part(part: Part) -> dict[str, Any]:
    word = _("balanced") if part.is_balanced else _("not balanced")
    return {
        "title": _("Trial balance in %(currency)s") % {"currency": part.currency},
        "rows": [_row(held, part.currency) for held in part.accounts],
        "total": [
            "",
            f"{_('Total')}, {word}",
            *(formatting.format_amount(one, part.currency) for one in (part.debit, part.credit)),
        ],
    }


def _row(held: Held, currency: str) -> list[str]:
    def side(amount: Decimal) -> str:
        return formatting.format_amount(amount, currency) if amount else ""

    return [
        str(held.account.number),
        str(labels.ACCOUNTS[held.account]),
        *(side(held.debit), side(held.credit)),
    ]
