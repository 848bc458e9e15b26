"""The file for credit bureaus: one row an account, as on a reference day (rule book 6.10). Pure.

The layout is the lender's own and plain: a bureau's converter maps it by column name. It holds
nothing a bureau does not need, no attribute that nobody may decide on, and no Aadhaar number.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

LAYOUT = "bureau-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account as on the reference day; days past due are counted plainly."""

    member: str
    reference_date: date
    account_number: str
    account_type: str
    # active, closed or written_off.
    account_state: str
    opened_date: date | None
    closed_date: date | None
    sanctioned_amount: Decimal
    currency: str
    current_balance: Decimal
    amount_overdue: Decimal
    days_past_due: int
    asset_class: str
    npa_date: date | None
    customer_number: str
    full_name: str
    date_of_birth: date | None
    # PAN in India.
    tax_number: str
    phone: str
    email: str
    street: str
    city: str
    region: str
    postal_code: str


COLUMNS = tuple(one.name for one in fields(Account))


def table(accounts: Iterable[Account]) -> Iterator[Sequence[Any]]:
    """Yield the rows of the file, headings first; what is not known is empty."""
    yield COLUMNS
    for account in accounts:
        values = (getattr(account, name) for name in COLUMNS)
        yield tuple("" if value is None else value for value in values)
