"""What of a loan is asked for by direct debit on a day, or why nothing is. Pure.

Amounts are in the currency of the loan. What is asked for is what is due and not paid, less what
was paid ahead, and no more than the mandate allows. Tries are counted for one due date: with the
next instalment they begin anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from apps.debits.lifecycle import GIVEN_UP, UNDERWAY

ZERO = Decimal(0)


class LeftOut(StrEnum):
    """Why nothing of a loan is asked for."""

    NOTHING_DUE = "nothing_due"
    PAID_AHEAD = "paid_ahead"
    UNDERWAY = "underway"
    ASKED_BEFORE = "asked_before"
    TRIES_USED = "tries_used"
    TRY_LATER = "try_later"
    LEFT_ALONE = "left_alone"


@dataclass(frozen=True, slots=True)
class Rule:
    """How a lender presents debits; without a rule of its own, only what falls due on the day."""

    takes_overdue: bool = False
    most_tries: int = 1
    days_between: int = 3


@dataclass(frozen=True, slots=True)
class Row:
    """What of one instalment is not paid."""

    due_date: date
    unpaid: Decimal


@dataclass(frozen=True, slots=True)
class Tried:
    """A debit of before: for which due date, how it stands, and from when it is tried again."""

    due_date: date
    status: str
    attempt: int
    retry_on: date | None = None


@dataclass(frozen=True, slots=True)
class Owing:
    """What a loan owes up to a day: instalments in any order, charges, and what was paid ahead."""

    rows: tuple[Row, ...]
    charges: Decimal = ZERO
    advances: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is asked for: how much of what is owed, for which due date, for the how manieth time."""

    due_date: date
    amount: Decimal
    owed: Decimal
    attempt: int


def choose(
    owing: Owing, tried: Iterable[Tried], *, maximum: Decimal, rule: Rule, day: date
) -> Chosen | LeftOut:
    """Return what of a loan is asked for on a day under a mandate, or why nothing is."""
    before = list(tried)
    if any(one.status in UNDERWAY for one in before):
        return LeftOut.UNDERWAY
    rows = [one for one in owing.rows if one.due_date <= day and one.unpaid > 0]
    if not rows:
        return LeftOut.NOTHING_DUE
    due = max(one.due_date for one in rows)
    asked = [one for one in before if one.due_date == due]
    counted = [one for one in asked if one.status not in GIVEN_UP]
    # What the bank never had is asked for again, though its day is over.
    is_recalled = any(one.status == "recalled" for one in asked)
    attempt = _attempt(counted, rule=rule, day=day)
    if isinstance(attempt, LeftOut):
        return attempt
    if not rule.takes_overdue and due != day and not (counted or is_recalled):
        return LeftOut.NOTHING_DUE
    owed = amount_owed(owing, due=due, rule=rule)
    if owed <= 0:
        return LeftOut.PAID_AHEAD
    return Chosen(due, min(owed, maximum), owed, attempt)


def amount_owed(owing: Owing, *, due: date, rule: Rule) -> Decimal:
    """Return what may be asked for: of a due date alone, or with all that is overdue and charged.

    Never below zero.
    """
    if rule.takes_overdue:
        asked = sum((one.unpaid for one in owing.rows if one.due_date <= due), ZERO)
        asked += owing.charges
    else:
        asked = sum((one.unpaid for one in owing.rows if one.due_date == due), ZERO)
    return max(asked - owing.advances, ZERO)


def _attempt(counted: list[Tried], *, rule: Rule, day: date) -> int | LeftOut:
    """Return the how manieth try it would be, or why there is none."""
    if not counted:
        return 1
    last = max(counted, key=lambda one: one.attempt)
    if last.status == "collected":
        return LeftOut.ASKED_BEFORE
    if last.retry_on is None or last.attempt >= rule.most_tries:
        return LeftOut.TRIES_USED
    return LeftOut.TRY_LATER if day < last.retry_on else last.attempt + 1
