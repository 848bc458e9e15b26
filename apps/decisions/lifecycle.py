"""The lives of a case in the review queue and of an override. Pure."""

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

# An exception to a decline: one person asks, another answers; it lapses when it is asked anew.
OVERRIDE_LIFECYCLE = Lifecycle(
    initial="asked",
    steps=[
        ("authorise", ["asked"], "authorised"),
        ("refuse", ["asked"], "refused"),
        ("lapse", ["asked"], "lapsed"),
    ],
)
