"""Which reminders of an instalment go out on a day. Pure.

A step is a number of days from the due date: -3 is three days before, 0 the day itself, 5 five
days after. Nobody is reminded on a day off: a step up to the due date moves to the working day
before, so that it is still of use; a step after it moves to the next working day.

Of the steps whose day has come only the last one counts. It goes out on its day or, where nothing
ran on that day, within CATCH_UP_DAYS; a step up to the due date never goes out after it.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from apps.core.lifecycle import Lifecycle
from apps.schedules import days_off
from apps.schedules.terms import Calendar

FURTHEST_BEFORE, FURTHEST_AFTER, MOST_STEPS = 30, 90, 12
CATCH_UP_DAYS = 3

LIFECYCLE = Lifecycle(
    initial="queued",
    steps=[
        ("claim", ["queued"], "sending"),
        ("send", ["sending"], "sent"),
        # The mail server asks to come again.
        ("postpone", ["sending"], "queued"),
        # Certainly not sent, and it never will be.
        ("fail", ["sending"], "failed"),
        # Nobody knows whether it went out; no machine sends it again.
        ("lose", ["sending"], "unknown"),
        # Paid, promised or stopped in the meantime, or too late, or nowhere to send it.
        ("drop", ["queued"], "dropped"),
        # Another instalment of the same loan is reminded of on the same day.
        ("join", ["queued"], "joined"),
    ],
)


def are_faulty(steps: Sequence[int]) -> bool:
    """Say whether steps are not ones a lender may set: too many, twice, or too far away."""
    return (
        len(steps) > MOST_STEPS
        or len(set(steps)) != len(steps)
        or any(not -FURTHEST_BEFORE <= step <= FURTHEST_AFTER for step in steps)
    )


def sending_day(step: int, due_date: date, calendar: Calendar) -> date:
    """Return the working day on which a step goes out. Raises TermsRefused without one."""
    target = due_date + timedelta(days=step)
    find = days_off.next_working if step > 0 else days_off.last_working
    return find(target, calendar)


def step_on(steps: Sequence[int], due_date: date, day: date, calendar: Calendar) -> int | None:
    """Return the step that goes out on a day for what is due on another, or None."""
    if days_off.is_off(day, calendar):
        return None
    days = ((sending_day(step, due_date, calendar), step) for step in steps)
    came = [(sent, step) for sent, step in days if sent <= day]
    if not came:
        return None
    sent, step = max(came)
    return step if day <= last_day(step, due_date, sent) else None


def last_day(step: int, due_date: date, sent: date) -> date:
    """Return the last day on which a step may still go out that was to go out on `sent`."""
    until = sent + timedelta(days=CATCH_UP_DAYS)
    return until if step > 0 else min(until, due_date)


def due_dates(steps: Sequence[int], day: date, calendar: Calendar) -> dict[date, int]:
    """Return every due date of which somebody is reminded on a day, with the step.

    What `step_on` says of each due date, so that the database can be asked for all at once.
    """
    if not steps:
        return {}
    slack = days_off.LONGEST_RUN + CATCH_UP_DAYS
    first, last = -max(steps) - slack, -min(steps) + slack
    near = (day + timedelta(days=number) for number in range(first, last + 1))
    found = ((due, step_on(steps, due, day, calendar)) for due in near)
    return {due: step for due, step in found if step is not None}
