"""What follows from the bank's reason for not paying: a table, `fixtures/debit_reasons.json`. Pure.

The bank's own codes are translated into these when the file is written for us; what is none of
them is refused with its row, so that nothing follows from a code nobody has looked at.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "fixtures" / "debit_reasons.json"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason and what follows: whether it is tried again, and what becomes of the mandate.

    `mandate` is `pause`, `cancel` or empty; `charges` says whether the borrower is at fault, so
    that the bounce charge of the product is asked for.
    """

    code: str
    tries_again: bool
    mandate: str
    charges: bool


@cache
def table() -> Mapping[str, Reason]:
    """Return the reasons by code. Raises ValueError for a table that is none."""
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["reasons"]
    found = {row["code"]: Reason(**row) for row in rows}
    if any(one.mandate not in ("", "pause", "cancel") for one in found.values()):
        raise ValueError("A mandate is paused or cancelled, or stays.")
    return found


def retry_on(
    reason: Reason, *, attempt: int, most_tries: int, answered: date, days_between: int
) -> date | None:
    """Return the day from which a failed debit is tried again; None where it is not."""
    if not reason.tries_again or reason.mandate or attempt >= most_tries:
        return None
    return answered + timedelta(days=days_between)
