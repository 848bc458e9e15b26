"""Who may be signing without looking: nearly always what was recommended, and fast. Pure.

A flag asks for a talk, it proves nothing: a good policy is followed often, and an easy case is
decided fast. That is why it needs both at once, over enough verdicts, and why the lender sets the
figures.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Limits:
    """From how many verdicts on, which share as recommended, and below which median time."""

    least_verdicts: int
    same_share: Decimal
    median_seconds: int


@dataclass(frozen=True)
class Habit:
    """What one person did in a period.

    `recommended` are the verdicts where the policy recommended to approve or to decline, `same`
    those of them that followed it; the median is over all verdicts whose time is known.
    """

    recommended: int
    same: int
    median_seconds: float | None


def is_flagged(habit: Habit, limits: Limits) -> bool:
    """Say whether the person's verdicts look like a rubber stamp.

    Both limits must be met, over at least `least_verdicts` verdicts with a recommendation; the
    share may equal its limit, the median must be below. Without a known time nobody is flagged.
    """
    return (
        habit.recommended >= limits.least_verdicts
        and habit.same >= limits.same_share * habit.recommended
        and habit.median_seconds is not None
        and habit.median_seconds < limits.median_seconds
    )
