"""The states of what happened on an account. Pure."""

from apps.core.lifecycle import Lifecycle

EVENT = Lifecycle(
    initial="live",
    steps=[
        # As if it had not happened; that it was said stays on record.
        ("take_back", ["live"], "reversed"),
    ],
)
