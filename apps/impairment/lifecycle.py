"""The states of parameters and of a measurement. Pure."""

from apps.core.lifecycle import Lifecycle

PARAMETERS = Lifecycle(
    initial="proposed",
    steps=[
        # By another person than who proposed them.
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("withdraw", ["proposed"], "withdrawn"),
    ],
)
RUN = Lifecycle(
    initial="running",
    steps=[
        ("finish", ["running"], "finished"),
        # What it rests on has changed, or somebody wants it measured once more.
        ("begin_again", ["running", "finished"], "running"),
    ],
)
