"""The life of an uploaded file. Pure.

Until it is started nothing of it is taken in. A file that was stopped keeps what was taken in and
can be resumed; one that is finished shows what became of each row for good.
"""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="received",
    steps=[
        # What was checked was checked as the columns were told then.
        ("tell", ["received", "checked"], "received"),
        ("check", ["received", "checked"], "checking"),
        ("report", ["checking"], "checked"),
        ("start", ["checked"], "running"),
        ("finish", ["running"], "finished"),
        # Where a dry run is stopped, nothing was taken in; the columns can be told anew.
        ("stop_checking", ["checking"], "received"),
        ("cancel", ["running"], "cancelled"),
        ("resume", ["cancelled"], "running"),
        ("discard", ["received", "checked"], "discarded"),
    ],
)
# A worker is at it.
AT_WORK = ("checking", "running")
# Nothing was taken in yet.
OPEN = ("received", "checking", "checked")
