"""The states of a long return that somebody asked for. Pure."""

from apps.core.lifecycle import Lifecycle

ORDER = Lifecycle(
    initial="asked",
    steps=[
        # Committed before anything is made: two workers make one file between them.
        ("claim", ["asked"], "making"),
        ("make", ["making"], "made"),
        ("fail", ["making"], "failed"),
        # The worker was lost while it made the file.
        ("lose", ["making"], "asked"),
    ],
)
# While an order is in one of these, the same return is not asked for again.
STANDING = ("asked", "making")
