"""The states of a release from a reserve that needs the regulator's leave (rule book 1.12). Pure.

RBI/2019-20/170 of 13 March 2020: no withdrawal from the impairment reserve without the prior
permission of the Department of Supervision.
"""

from apps.core.lifecycle import Lifecycle

# Instead of a class of loans: what of a reserve no loan asks for any longer, and which is kept.
KEPT = "kept"

RELEASE = Lifecycle(
    initial="proposed",
    steps=[
        # By another person than who proposed it; the ledger has it from then on.
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("withdraw", ["proposed"], "withdrawn"),
    ],
)
