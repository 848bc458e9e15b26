"""What a borrower promised to pay by a day, and whether it was kept. Pure."""

from datetime import date
from decimal import Decimal

from apps.core.lifecycle import Lifecycle

# A promise is about money that comes soon; whatever lies further away is another plan.
LONGEST_DAYS = 31
# So long after its day a verdict follows what turns out later: a cheque that bounces, money that
# is entered with an earlier date.
JUDGED_AGAIN_DAYS = 60

LIFECYCLE = Lifecycle(
    initial="open",
    steps=[
        ("keep", ["open", "broken"], "kept"),
        ("break", ["open", "kept"], "broken"),
        # What was paid was taken back before the day was over.
        ("reopen", ["kept"], "open"),
        ("withdraw", ["open"], "withdrawn"),
    ],
)
# What leads from one state to the state that the money says.
ACTIONS = {"kept": "keep", "broken": "break", "open": "reopen"}


def verdict(promised: Decimal, paid: Decimal, *, by: date, day: date) -> str:
    """Return how a promise stands at the beginning of a day: kept, broken or open.

    `paid` is what came since the promise and up to the day it names. The promised day belongs to
    the borrower to its end: a promise is broken from the day after.
    """
    if paid >= promised:
        return "kept"
    return "broken" if day > by else "open"
