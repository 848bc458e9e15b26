"""The life of a request to make a model the champion. Pure."""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="proposed",
    steps=[
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
    ],
)
