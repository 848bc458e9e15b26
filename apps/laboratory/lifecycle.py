"""The life of an experiment. Pure."""

from apps.core.lifecycle import Lifecycle

# A worker that was killed leaves its experiment running; the message comes back and goes on.
LIFECYCLE = Lifecycle(
    initial="waiting",
    steps=[
        ("start", ["waiting", "running"], "running"),
        ("complete", ["running"], "done"),
        ("fail", ["waiting", "running"], "failed"),
        ("cancel", ["waiting", "running"], "cancelled"),
    ],
)
PENDING = ("waiting", "running")
