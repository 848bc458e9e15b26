"""The life of a policy version. Pure.

What is in force follows from the approved versions and their days alone; there is no status for it.
"""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="draft",
    steps=[
        ("propose", ["draft"], "proposed"),
        ("approve", ["proposed"], "approved"),
        ("send_back", ["proposed"], "draft"),
        ("withdraw", ["draft", "proposed"], "withdrawn"),
        # Only before its day, while nothing was decided with it.
        ("take_back", ["approved"], "withdrawn"),
    ],
)
