"""The states of alerts, and of the messages that carry them. Pure."""

from apps.core.lifecycle import Lifecycle

ALERT = Lifecycle(
    initial="open",
    steps=[
        # By a person, with a note; the breach itself lasts on.
        ("acknowledge", ["open"], "acknowledged"),
        # The measure is within its threshold again: the next breach raises a new alert.
        ("clear", ["open", "acknowledged"], "over"),
        # Nobody measures by its threshold any more.
        ("unwatch", ["open", "acknowledged"], "unwatched"),
    ],
)
# While an alert is in one of these, the same breach raises no other.
STANDING = ("open", "acknowledged")

DELIVERY = Lifecycle(
    initial="queued",
    steps=[
        # Committed before anything is sent: two workers send one message between them.
        ("claim", ["queued"], "sending"),
        ("send", ["sending"], "sent"),
        ("postpone", ["sending"], "queued"),
        ("fail", ["sending", "queued"], "failed"),
        # The worker was lost while it sent; whether it arrived, nobody knows.
        ("lose", ["sending"], "unknown"),
    ],
)
