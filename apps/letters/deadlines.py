"""How near a letter that is not sent yet is to its last day. Pure.

It is late before the last day passes: while somebody can still do something about it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Stage = Literal["due", "soon_late", "late", "overdue"]
STAGES: tuple[Stage, ...] = ("due", "soon_late", "late", "overdue")


@dataclass(frozen=True)
class Deadline:
    """The last day, and the days from which a letter is soon late and late.

    Of thirty days the last ten are soon late and the last five late.
    """

    soon_date: date
    late_date: date
    due_date: date

    def stage(self, today: date) -> Stage:
        """Return how an unsent letter stands on a day."""
        if today > self.due_date:
            return "overdue"
        if today >= self.late_date:
            return "late"
        return "soon_late" if today >= self.soon_date else "due"


def deadline(*, since: date, last_day: date) -> Deadline:
    """Return the deadline between an event and the last day to have sent the letter."""
    span = max((last_day - since).days, 1)
    return Deadline(
        soon_date=last_day - timedelta(days=max(span // 3, 2) - 1),
        late_date=last_day - timedelta(days=max(span // 6, 1) - 1),
        due_date=last_day,
    )
