"""Which legal step may follow which on an overdue loan. Pure.

What each step costs, and when a claim is barred, is for lawyers; here stands what was done, when
and under which reference, in the only order in which it can be done.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum


class Stage(StrEnum):
    """How far the law was gone to."""

    NONE = "none"
    NOTICE = "notice"
    FILED = "filed"
    JUDGMENT = "judgment"
    EXECUTION = "execution"
    CLOSED = "closed"


# A matter can be closed at any stage: settled, paid, withdrawn or lost. A new notice begins anew.
MOVES: Mapping[Stage, tuple[Stage, ...]] = {
    Stage.NONE: (Stage.NOTICE,),
    Stage.NOTICE: (Stage.FILED, Stage.CLOSED),
    Stage.FILED: (Stage.JUDGMENT, Stage.CLOSED),
    Stage.JUDGMENT: (Stage.EXECUTION, Stage.CLOSED),
    Stage.EXECUTION: (Stage.CLOSED,),
    Stage.CLOSED: (Stage.NOTICE,),
}
# A matter that has begun and is not closed.
UNDER_WAY = (Stage.NOTICE, Stage.FILED, Stage.JUDGMENT, Stage.EXECUTION)


def allows(before: Stage, after: Stage) -> bool:
    """Say whether a stage may follow another one."""
    return after in MOVES[before]


def begins(before: Stage, after: Stage) -> bool:
    """Say whether a matter begins with this step."""
    return before not in UNDER_WAY and after in UNDER_WAY


def in_order(day: date, *, last: date | None, today: date) -> bool:
    """Say whether a step may have been taken on a day: not before the last one, not to come."""
    return day <= today and (last is None or day >= last)
