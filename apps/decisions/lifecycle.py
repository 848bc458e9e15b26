"""The lives of a case in the review queue, of an override and of a listed reason. Pure."""

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
        # The first person takes the verdict back before it is signed, and holds the case again.
        ("take_back", ["awaiting_second"], "claimed"),
        # A manager gives the case to a person, whoever held it.
        ("assign", ["open", "claimed"], "claimed"),
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

# A reason on the list: one person proposes it, another lists it; it ends the same way.
REASON_LIFECYCLE = Lifecycle(
    initial="proposed",
    steps=[
        ("list", ["proposed"], "listed"),
        ("refuse", ["proposed"], "refused"),
        ("ask_end", ["listed"], "ending"),
        ("keep", ["ending"], "listed"),
        ("end", ["ending"], "ended"),
    ],
)
LISTED = ("listed", "ending", "ended")
