"""The file of payment instructions for the bank. Pure.

Layout `creditrisk-payments-1` (docs/payment-file.md): UTF-8, lines end in CR LF, comma-separated,
the first line names the columns, one payment a line in the order of its reference. Amounts are what
is paid out, with a point and the currency's decimals; dates are ISO 8601.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.core.spreadsheets import csv_lines

LAYOUT = "creditrisk-payments-1"
COLUMNS = (
    *("reference", "loan", "beneficiary", "account", "bank"),
    *("currency", "amount", "pay_on"),
)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One payment that the bank is told to make."""

    reference: str
    loan: str
    beneficiary: str
    account: str
    bank: str
    currency: str
    amount: Decimal
    pay_on: date


def content(payments: Iterable[Instruction]) -> bytes:
    """Return the file: the same payments make the same bytes."""
    rows = [
        (
            *(one.reference, one.loan, one.beneficiary, one.account, one.bank, one.currency),
            *(f"{one.amount:f}", one.pay_on.isoformat()),
        )
        for one in sorted(payments, key=lambda one: one.reference)
    ]
    return "".join(csv_lines([COLUMNS, *rows])).encode()


def fingerprint(written: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(written).hexdigest()
