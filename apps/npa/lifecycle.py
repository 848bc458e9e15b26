"""The states of a day's end. Pure."""

from apps.core.lifecycle import Lifecycle

DAY_END = Lifecycle(
    initial="running",
    steps=[
        ("finish", ["running"], "finished"),
        # Something of an open day became known since: the day is ended once more.
        ("run_again", ["finished"], "running"),
        # The books of the day are closed: what was found stays.
        ("close", ["finished"], "closed"),
    ],
)
