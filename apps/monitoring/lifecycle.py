"""The states of what two people decide, and of an incident. Pure."""

from apps.core.lifecycle import Lifecycle

ANSWERED = Lifecycle(
    initial="proposed",
    steps=[
        # By another person than who proposed it.
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("withdraw", ["proposed"], "withdrawn"),
    ],
)
INCIDENT = Lifecycle(
    initial="open",
    steps=[
        # Somebody looks at it; what is beyond its limit stays so.
        ("acknowledge", ["open"], "acknowledged"),
        # By a person, with what was decided. The same breach raises no other incident.
        ("close", ["open", "acknowledged"], "closed"),
    ],
)
UNDECIDED = ("open", "acknowledged")
