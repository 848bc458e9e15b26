"""When and how often a borrower may be contacted about what is overdue, and what came of it. Pure.

Hours are those of reminders (`repayments.contact_hours`, rule book 6.11) and bind calls, visits and
messages; a letter is read when its reader likes. How often is a rule of the house, everywhere and
for one borrower, whatever loan it was about; where it is taken from stands beside each limit. Who
contacts the lender is free to: what a borrower begins is bound by nothing and counts for nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

# So many days after it a contact may still be written down.
LATEST_DAYS = 7
# So far ahead the next step may lie.
NEXT_DAYS = 92


class Way(StrEnum):
    """How a borrower is contacted."""

    CALL = "call"
    VISIT = "visit"
    MESSAGE = "message"
    LETTER = "letter"


class Outcome(StrEnum):
    """What came of it."""

    PROMISED = "promised"
    PAID = "paid"
    SPOKE = "spoke"
    REFUSED = "refused"
    DISPUTES = "disputes"
    HARDSHIP = "hardship"
    JOB_LOST = "job_lost"
    CALL_BACK = "call_back"
    OTHER_PERSON = "other_person"
    NOBODY = "nobody"
    WRONG_PLACE = "wrong_place"
    LEFT_WORD = "left_word"
    SENT = "sent"
    CAME_BACK = "came_back"


# The borrower was spoken with.
TALKED = (
    *(Outcome.PROMISED, Outcome.PAID, Outcome.SPOKE, Outcome.REFUSED, Outcome.DISPUTES),
    *(Outcome.HARDSHIP, Outcome.JOB_LOST, Outcome.CALL_BACK),
)
_WRITTEN = (Outcome.SENT, Outcome.CAME_BACK, *TALKED)
_LIVE = (*TALKED, Outcome.OTHER_PERSON, Outcome.NOBODY, Outcome.WRONG_PLACE, Outcome.LEFT_WORD)
OUTCOMES: Mapping[Way, tuple[Outcome, ...]] = {
    Way.CALL: _LIVE,
    Way.VISIT: _LIVE,
    Way.MESSAGE: _WRITTEN,
    Way.LETTER: _WRITTEN,
}
# What only the lender can have begun.
OURS = frozenset(
    {Outcome.NOBODY, Outcome.WRONG_PLACE, Outcome.LEFT_WORD, Outcome.SENT, Outcome.CAME_BACK}
)
BOUND_BY_HOURS = frozenset({Way.CALL, Way.VISIT, Way.MESSAGE})


@dataclass(frozen=True, slots=True)
class Limit:
    """No more than `most` contacts of these ways within `days` days, today counted."""

    ways: frozenset[Way]
    most: int
    days: int
    source: str


_HOUSE = "Rule of the house"
LIMITS = (
    Limit(frozenset({Way.CALL}), 3, 1, _HOUSE),
    # There for each debt and collector, here for a borrower and everywhere.
    Limit(frozenset({Way.CALL}), 7, 7, "12 CFR 1006.14(b)(2)(i)(A)"),
    Limit(frozenset({Way.MESSAGE}), 1, 1, _HOUSE),
    Limit(frozenset({Way.VISIT}), 1, 7, _HOUSE),
)
# The longest stretch that a limit looks at.
LOOKED_AT_DAYS = max(limit.days for limit in LIMITS)


def limit_reached(way: Way, day: date, before: Iterable[tuple[Way, date]]) -> Limit | None:
    """Return the first limit that one contact more would break; None where it may be made.

    `before` holds the way and the day of what the lender began with this borrower. What was on a
    later day counts too: contacts may be written down in another order than they were made.
    """
    made = list(before)
    for limit in LIMITS:
        days = [on for of, on in made if of in limit.ways]
        if way in limit.ways and _busiest(days, day, limit.days) >= limit.most:
            return limit
    return None


def _busiest(days: Iterable[date], day: date, length: int) -> int:
    """Return the most that fall within a stretch of days that a day is part of."""
    near = [(on - day).days for on in days]
    return max(sum(1 for one in near if last - length < one <= last) for last in range(length))


def fits(way: Way, outcome: Outcome) -> bool:
    """Say whether a contact of a way can have an outcome."""
    return outcome in OUTCOMES[way]
