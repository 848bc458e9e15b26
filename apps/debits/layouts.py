"""The file of debits for the bank, layout `creditrisk-debits-1` (docs/direct-debit.md). Pure.

UTF-8, lines end in CR LF, comma-separated. The first cell says what a line is: H the header, D one
debit in the order of its number, T the trailer with count and control total. Amounts have a point
and the currency's decimals; dates are ISO 8601.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.core.spreadsheets import csv_lines

DEBITS = "creditrisk-debits-1"
ANSWERS = "creditrisk-debit-answers-1"
HEADER, DEBIT, TRAILER = "H", "D", "T"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One amount that the bank is told to take."""

    reference: str
    mandate: str
    holder: str
    account: str
    bank: str
    amount: Decimal
    loan: str


@dataclass(frozen=True, slots=True)
class Head:
    """What stands in the header: whose file it is, its name, and when the bank collects."""

    lender: str
    name: str
    currency: str
    collect_on: date


def content(head: Head, debits: Sequence[Instruction]) -> bytes:
    """Return the file: the same debits make the same bytes."""
    total = sum((one.amount for one in debits), Decimal(0))
    rows: list[Sequence[str]] = [
        (HEADER, DEBITS, head.lender, head.name, head.currency, head.collect_on.isoformat())
    ]
    rows += [
        (
            *(DEBIT, one.reference, one.mandate, one.holder, one.account, one.bank),
            *(head.currency, f"{one.amount:f}", head.collect_on.isoformat(), one.loan),
        )
        for one in debits
    ]
    rows.append((TRAILER, str(len(debits)), f"{total:f}"))
    return "".join(csv_lines(rows)).encode()


def fingerprint(written: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(written).hexdigest()
