"""The states of a class that people set instead of the rules (rule book 1.16). Pure."""

from datetime import date

from apps.core.lifecycle import Lifecycle

# An override is exceptional and for a time; what holds longer is a rule, and rules are data.
MOST_DAYS = 180

OVERRIDE = Lifecycle(
    initial="proposed",
    steps=[
        # By another person than who proposed it; from then on the night respects it.
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("withdraw", ["proposed"], "withdrawn"),
        # To end it before its time takes two people as well.
        ("propose_end", ["approved"], "ending"),
        ("keep", ["ending"], "approved"),
        ("end", ["ending"], "ended"),
    ],
)
# The states in which an override counted, for as long as it did.
COUNTED = ("approved", "ending", "ended")


def is_in_force(
    *, status: str, counts_from: date | None, until_date: date, ended_on: date | None, day: date
) -> bool:
    """Say whether the night of `day` respects an override.

    `counts_from` is the first day with it, None before it is approved; `until_date` is the
    last day with it, `ended_on` the first day without it.
    """
    return (
        status in COUNTED
        and counts_from is not None
        and counts_from <= day <= until_date
        and (ended_on is None or day < ended_on)
    )
