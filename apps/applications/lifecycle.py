"""The life of an application. Pure.

An application ends where a loan begins. A `historic` application comes from a tape: another
lender decided it, we learn from it, and it can be submitted to see what we would have decided.
"""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="draft",
    steps=[
        ("submit", ["draft", "historic"], "submitted"),
        ("score", ["submitted"], "scored"),
        ("approve", ["scored", "in_review"], "approved"),
        ("decline", ["scored", "in_review"], "declined"),
        ("refer", ["submitted", "scored"], "in_review"),
        # An authorised exception, and a request that changed after it was decided.
        ("override", ["declined"], "approved"),
        ("reopen", ["approved", "declined"], "submitted"),
        # A decision that was a mistake, taken up anew by people.
        ("take_up_anew", ["approved", "declined"], "in_review"),
        # An offer that nobody took up in its time.
        ("lapse", ["approved"], "lapsed"),
        ("withdraw", ["draft", "submitted", "scored", "in_review", "approved"], "withdrawn"),
    ],
)
# A worker is assessing it; the page asks for the outcome.
UNDER_WAY = ("submitted", "scored")
OPEN = ("submitted", "scored", "in_review")
