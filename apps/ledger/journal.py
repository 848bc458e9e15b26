"""The journal as an accounting system takes it in: one line for each posting, and the totals.

The columns and their order are a contract: new ones are added at the end.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from apps.ledger.chart import Account
from apps.ledger.models import Line
from apps.ledger.models.entries import OF_DAY

COLUMNS = (
    "entry",
    "line",
    "day",
    "posted_at",
    "event",
    "reference",
    "entity",
    "branch",
    "account_number",
    "account",
    "currency",
    "debit",
    "credit",
    "loan",
    "customer",
    "reverses",
    "actor",
    "of_day",
)
_VALUES = (
    "entry_id",
    "number",
    "day",
    "entry__posted_at",
    "entry__event",
    "entry__reference",
    "branch__entity__code",
    "branch__code",
    "account",
    "currency",
    "debit",
    "credit",
    "loan_id",
    "entry__customer_id",
    "entry__reverses_id",
    "entry__actor",
    f"entry__facts__{OF_DAY}",
)
# Rows fetched at once: the file is never in memory as a whole.
_AT_ONCE = 5_000


def table(lines: QuerySet[Line]) -> Iterator[Sequence[Any]]:
    """Yield the heading, every line, and at the end the totals of each currency."""
    totals: dict[str, tuple[Decimal, Decimal]] = {}
    yield COLUMNS
    for values in lines.values_list(*_VALUES).iterator(chunk_size=_AT_ONCE):
        row = _row(values)
        currency, debit, credit = row[10], row[11], row[12]
        debits, credits_ = totals.get(currency, (Decimal(0), Decimal(0)))
        totals[currency] = (debits + debit, credits_ + credit)
        yield row
    yield from _totals(totals)


def file_name(start: date, end: date) -> str:
    """Return what the file is called."""
    return f"journal-{start:%Y-%m-%d}-{end:%Y-%m-%d}.csv"


def _row(values: Sequence[Any]) -> list[Any]:
    before, account, after = values[:8], values[8], values[9:]
    row = [*before, Account(account).number, account, *after]
    row[3] = row[3].isoformat()
    return ["" if one is None else one for one in row]


def _totals(totals: dict[str, tuple[Decimal, Decimal]]) -> Iterable[Sequence[Any]]:
    for currency, (debits, credits_) in sorted(totals.items()):
        row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
        row |= {"entry": "total", "currency": currency, "debit": debits, "credit": credits_}
        yield [row[name] for name in COLUMNS]
