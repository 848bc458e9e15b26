"""The life of a statement, and of the money that one of its lines brought. Pure.

Nothing of a statement is posted until somebody starts it. A line stays what it came to: only money
in suspense goes on, to a loan or back to who paid it, and may come back from a loan that was the
wrong one.
"""

from apps.core.lifecycle import Lifecycle

STATEMENT = Lifecycle(
    initial="checking",
    steps=[
        ("report", ["checking"], "checked"),
        ("check", ["checked"], "checking"),
        ("start", ["checked"], "running"),
        # What was posted stays; the other lines wait until somebody starts it again.
        ("stop", ["running"], "checked"),
        ("finish", ["running"], "finished"),
        ("discard", ["checking", "checked"], "discarded"),
    ],
)
LINE = Lifecycle(
    initial="waiting",
    steps=[
        ("post", ["waiting"], "posted"),
        ("hold", ["waiting"], "suspense"),
        ("refuse", ["waiting"], "refused"),
        ("pass_over", ["waiting"], "ignored"),
        ("place", ["suspense"], "posted"),
        ("misplace", ["posted"], "suspense"),
        ("give_back", ["suspense"], "returned"),
    ],
)
# A worker is at it.
AT_WORK = ("checking", "running")
# The line's money is on the books.
TAKEN = ("posted", "suspense", "returned")
# On the books, and on no loan.
OFF_LOANS = ("suspense", "returned")
