"""The lives of a request for information, of an escalation and of a blind sample. Pure."""

from apps.core.lifecycle import Lifecycle

INFORMATION = Lifecycle(
    initial="open",
    steps=[
        ("receive", ["open"], "arrived"),
        ("withdraw", ["open"], "withdrawn"),
        ("lapse", ["open"], "lapsed"),
        # The case ended before it came.
        ("drop", ["open"], "dropped"),
    ],
)
ESCALATION = Lifecycle(
    initial="open",
    steps=[
        ("answer", ["open"], "answered"),
        ("drop", ["open"], "dropped"),
    ],
)
BLIND_OPEN = ("waiting", "claimed")
BLIND = Lifecycle(
    initial="waiting",
    steps=[
        ("claim", ["waiting"], "claimed"),
        ("release", ["claimed"], "waiting"),
        ("agree", ["claimed"], "agreed"),
        ("disagree", ["claimed"], "disagreed"),
        # A manager has looked at the disagreement.
        ("follow_up", ["disagreed"], "followed_up"),
        # Nobody judged it in its time.
        ("lapse", ["waiting", "claimed"], "lapsed"),
        # The decision was taken up anew, so its outcome is no secret any more.
        ("drop", ["waiting", "claimed"], "dropped"),
    ],
)
