"""The life of an offer. Pure."""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="offered",
    steps=[
        ("accept", ["offered"], "accepted"),
        ("decline", ["offered"], "declined"),
        ("withdraw", ["offered"], "withdrawn"),
        ("expire", ["offered"], "expired"),
        # The decision under it was changed, taken up anew, or does not bind any more.
        ("supersede", ["offered", "accepted"], "superseded"),
        # A loan was opened under it.
        ("take_up", ["accepted"], "taken_up"),
        # The borrower steps back within the cooling-off time, before or after the money was paid.
        ("exit", ["accepted", "taken_up"], "exited"),
    ],
)
# Of these an application has one at a time.
LIVE = ("offered", "accepted", "taken_up")
# The applicant agreed to it, whatever came of it later.
AGREED = ("accepted", "taken_up", "exited")
