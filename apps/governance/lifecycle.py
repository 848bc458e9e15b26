"""The lives of requests to make a model the champion, to train one and to measure one. Pure."""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="proposed",
    steps=[
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
    ],
)

# A worker that was killed leaves its training running; the message comes back and starts anew.
TRAINING = Lifecycle(
    initial="queued",
    steps=[
        ("start", ["queued", "running"], "running"),
        ("complete", ["running"], "completed"),
        ("fail", ["running"], "failed"),
    ],
)
# The same for a model that a worker measures.
REPORTING = Lifecycle(
    initial="queued",
    steps=[
        ("start", ["queued", "running"], "running"),
        ("complete", ["running"], "completed"),
        ("fail", ["running"], "failed"),
    ],
)
PENDING = ("queued", "running")
