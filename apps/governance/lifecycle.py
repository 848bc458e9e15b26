"""The lives of promotions and their papers, and of what is asked of workers. Pure."""

from apps.core.lifecycle import Lifecycle

# One asks, another validates, a third approves; then it is put in force, at once or on its day.
LIFECYCLE = Lifecycle(
    initial="proposed",
    steps=[
        ("validate", ["proposed"], "validated"),
        # What is approved for a day to come can be refused until then.
        ("refuse", ["proposed", "validated", "approved"], "refused"),
        ("withdraw", ["proposed", "validated", "approved"], "withdrawn"),
        ("approve", ["validated"], "approved"),
        ("put_in_force", ["approved"], "in_force"),
    ],
)
OPEN = ("proposed", "validated", "approved")
# What a validator accepted and nobody refused since.
VALIDATED = ("validated", "approved", "in_force")

GATES = Lifecycle(
    initial="proposed",
    steps=[
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("withdraw", ["proposed"], "withdrawn"),
    ],
)

DOCUMENT = Lifecycle(initial="draft", steps=[("sign", ["draft"], "signed")])

FINDING = Lifecycle(initial="open", steps=[("close", ["open"], "closed")])

# A worker that was killed leaves its training running; the message comes back and starts anew.
TRAINING = Lifecycle(
    initial="queued",
    steps=[
        ("start", ["queued", "running"], "running"),
        ("complete", ["running"], "completed"),
        ("fail", ["running"], "failed"),
    ],
)
# The same for a model that a worker measures.
REPORTING = Lifecycle(
    initial="queued",
    steps=[
        ("start", ["queued", "running"], "running"),
        ("complete", ["running"], "completed"),
        ("fail", ["running"], "failed"),
    ],
)
PENDING = ("queued", "running")
