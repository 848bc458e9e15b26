"""By when an appeal must be answered, and how near that day is: data with rule ids. Pure.

`rule` names the section of the rule book. Where the law counts no days, the figure is the lender's
own limit of section 10 (e); what a law counts is never exceeded by it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from apps.core import dates

Nearness = Literal["in_time", "soon", "late"]
# Of its whole time an appeal is soon late in the last third.
_SOON = 3


@dataclass(frozen=True, kw_only=True)
class AnswerWithin:
    """So many days or calendar months after the appeal came; `in_law` says who set it."""

    rule: str
    days: int = 0
    months: int = 0
    in_law: bool = False

    def due_date(self, received: date) -> date:
        """Return the last day to answer."""
        return dates.add_months(received, self.months) + timedelta(days=self.days)


_OWN = AnswerWithin(rule="10", days=30)
ANSWER_WITHIN: dict[str, AnswerWithin] = {
    # A data complaint costs the lender a compensation for each day after the thirtieth.
    "india": AnswerWithin(rule="6.10", days=30, in_law=True),
    # Reconsideration "as soon as reasonably practicable", in writing.
    "kenya": AnswerWithin(rule="6.1", days=30),
    # Reasons within thirty days of being asked.
    "united_states": AnswerWithin(rule="4.2", days=30, in_law=True),
    # One month after the request.
    "european_union": AnswerWithin(rule="5.2", months=1, in_law=True),
}
# Where the applicant says that data are wrong, rectification has a time limit of its own.
RECTIFY_WITHIN: dict[str, AnswerWithin] = {
    "kenya": AnswerWithin(rule="6.2", days=7, in_law=True),
}


def answer_within(regime: str, *, data_wrong: bool) -> AnswerWithin:
    """Return the limit that ends first. Raises KeyError for an unknown regime."""
    whole = ANSWER_WITHIN[regime]
    return RECTIFY_WITHIN.get(regime, whole) if data_wrong else whole


def window_ends(decided: date, *, review_days: int) -> date:
    """Return the last day to appeal against a decision, as its letter says."""
    return decided + timedelta(days=review_days)


def nearness(*, received: date, due: date, today: date) -> Nearness:
    """Say whether an open appeal is late, soon late, or in time."""
    if today > due:
        return "late"
    whole = max((due - received).days, 1)
    return "soon" if (due - today).days < -(-whole // _SOON) else "in_time"
