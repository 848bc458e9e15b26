"""The life of one attempt to bring a letter to the applicant. Pure.

An e-mail is claimed before it is sent, so a worker killed in between leaves it `sending`; nobody
knows then whether it went out, and only a person sends it again.
"""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="queued",
    steps=[
        ("claim", ["queued"], "sending"),
        ("postpone", ["sending"], "queued"),
        ("send", ["sending"], "sent"),
        ("fail", ["sending"], "failed"),
        ("bounce", ["sending", "sent"], "bounced"),
        ("record", ["queued"], "sent"),
        ("cancel", ["queued"], "cancelled"),
    ],
)
OPEN = ("queued", "sending")
