"""The states of what a test rests on, and of a test. Pure."""

from apps.core.lifecycle import Lifecycle

TERMS = Lifecycle(
    initial="proposed",
    steps=[
        # By another person than who proposed them.
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("withdraw", ["proposed"], "withdrawn"),
    ],
)
# A worker that was killed leaves its test running; the sweep sends it again, from its beginning.
TEST = Lifecycle(
    initial="waiting",
    steps=[
        ("start", ["waiting", "running"], "running"),
        ("complete", ["running"], "done"),
        ("fail", ["waiting", "running"], "failed"),
    ],
)
PENDING = ("waiting", "running")
