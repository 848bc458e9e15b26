"""The life of an appeal. Pure."""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="received",
    steps=[
        ("acknowledge", ["received"], "acknowledged"),
        ("assign", ["received", "acknowledged", "assigned"], "assigned"),
        # The answer is above the first person's limit: a second one signs it or sends it back.
        ("propose", ["assigned"], "awaiting_second"),
        ("send_back", ["awaiting_second"], "assigned"),
        ("uphold", ["assigned", "awaiting_second"], "upheld"),
        ("change", ["assigned", "awaiting_second"], "changed"),
        # Less than was asked for, and more than was given.
        ("change_partly", ["assigned", "awaiting_second"], "partly_changed"),
        ("withdraw", ["received", "acknowledged", "assigned", "awaiting_second"], "withdrawn"),
        # The application was decided again for another cause before the appeal was answered.
        ("overtake", ["received", "acknowledged", "assigned", "awaiting_second"], "overtaken"),
    ],
)
OPEN = ("received", "acknowledged", "assigned", "awaiting_second")
ANSWERED = ("upheld", "changed", "partly_changed")
# An appeal that ended without an answer leaves room for another one against the same decision.
ENDED_EARLY = ("withdrawn", "overtaken")
