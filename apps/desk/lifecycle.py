"""The lives of a request for information and of an escalation. Pure."""

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
