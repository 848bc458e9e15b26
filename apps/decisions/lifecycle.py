"""The life of a case in the review queue. Pure."""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="open",
    steps=[
        ("claim", ["open"], "claimed"),
        ("release", ["claimed"], "open"),
        ("close", ["claimed"], "closed"),
        ("propose", ["claimed"], "awaiting_second"),
        ("countersign", ["awaiting_second"], "closed"),
        ("send_back", ["awaiting_second"], "open"),
        ("cancel", ["open", "claimed", "awaiting_second"], "cancelled"),
    ],
)
WAITING = ("open", "claimed", "awaiting_second")
