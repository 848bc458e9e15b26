"""Which notices there are, which may follow which and when, and how one stands. Pure.

That a formal demand comes before the notice of legal action, and that the borrower had until its
last day to pay, is a rule of the house here; the law of a place may ask for more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What is written to a borrower about arrears, as letters name it."""

    ARREARS = "arrears"
    DEMAND = "demand"
    PRE_LEGAL = "pre_legal"


class Status(StrEnum):
    """How a notice stands."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNED = "returned"


class Word(StrEnum):
    """What a person writes down of a notice by hand."""

    POSTED = "posted"
    HANDED = "handed"
    DELIVERED = "delivered"
    RETURNED = "returned"


# What must have been demanded before, in the same arrears, with its last day over.
AFTER: Mapping[Kind, Kind] = {Kind.PRE_LEGAL: Kind.DEMAND}
# So many days lie between two notices of one kind about one loan.
BETWEEN_DAYS = 7
# How a notice stands that left the lender and did not come back.
WENT_OUT = frozenset({Status.SENT, Status.DELIVERED})
# The borrower has so many days to pay, at the least and at the most.
PAY_WITHIN = {
    Kind.ARREARS: (3, 60),
    Kind.DEMAND: (7, 90),
    Kind.PRE_LEGAL: (7, 90),
}
# What a reminder is: who wants none gets it by no e-mail. The others are notices the lender owes.
REMINDS = frozenset({Kind.ARREARS})


@dataclass(frozen=True, slots=True)
class Sent:
    """A notice of before: its kind, its day, the last day it gave to pay, and how it stands."""

    kind: Kind
    day: date
    pay_by: date
    status: Status


def too_soon(kind: Kind, day: date, before: Iterable[Sent]) -> bool:
    """Say whether one of the kind was written too short a time ago."""
    since = day - timedelta(days=BETWEEN_DAYS)
    return any(one.kind == kind and one.day > since for one in before)


def is_demanded(kind: Kind, day: date, before: Iterable[Sent], *, since: date) -> bool:
    """Say whether what must come before a notice went out, and its last day to pay is over.

    One from before `since`, when these arrears began, was about others, which were paid.
    """
    needed = AFTER.get(kind)
    return needed is None or any(
        one.kind == needed and one.status in WENT_OUT and since <= one.day and one.pay_by < day
        for one in before
    )


def gives_time(kind: Kind, day: date, pay_by: date) -> bool:
    """Say whether a notice gives as many days to pay as it may."""
    least, most = PAY_WITHIN[kind]
    return day + timedelta(days=least) <= pay_by <= day + timedelta(days=most)


def status(deliveries: Iterable[str], words: Iterable[Word]) -> Status:
    """Return how a notice stands by the states of its deliveries and what was written down.

    Both in their order. What a person learnt last counts before what a mail server said, until the
    notice goes out once more.
    """
    last = next(reversed(list(words)), None)
    if last in (Word.DELIVERED, Word.RETURNED):
        return Status(last.value)
    states = list(deliveries)
    if "sent" in states:
        return Status.SENT
    over = [one for one in states if one in ("failed", "bounced")]
    if over:
        return Status.RETURNED if over[-1] == "bounced" else Status.FAILED
    return Status.QUEUED
