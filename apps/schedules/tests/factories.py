"""Terms of the tests: a plain loan, changed where a test says so."""

from datetime import date
from decimal import Decimal
from typing import Any

from apps.schedules.terms import Terms

PLAIN: dict[str, Any] = {
    "principal": Decimal(120_000),
    "currency": "INR",
    "annual_rate": Decimal("0.12"),
    "instalments": 12,
    "disbursed_on": date(2026, 1, 15),
}


def make(**changed: Any) -> Terms:
    """Return 120,000 rupees over twelve months at 12 %, with what is given changed."""
    return Terms(**PLAIN | changed)
