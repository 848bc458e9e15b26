"""The life of a request to make a model the champion, and of one to train a model. Pure."""

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
PENDING = ("queued", "running")
