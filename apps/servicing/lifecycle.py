"""The states of proposals to give something up, and of pauses for hardship. Pure."""

from apps.core.lifecycle import Lifecycle

PROPOSAL = Lifecycle(
    initial="proposed",
    steps=[
        # By another person than who proposed it; only then anything is posted.
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("withdraw", ["proposed"], "withdrawn"),
    ],
)

PAUSE = Lifecycle(
    initial="agreed",
    steps=[("end", ["agreed"], "ended")],
)
