"""The states of a release from a reserve that needs the regulator's leave. Pure.

The reserve is that of rule book 1.12. That nothing is taken from it without the regulator's leave
is from memory (DOR(NBFC).CC.PD.109/22.10.106/2019-20, 13 March 2020) and not in the rule book.
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
