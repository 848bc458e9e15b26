"""The states of loans and of their payments, and the ways between them. Pure."""

from apps.core.lifecycle import Lifecycle

LOAN = Lifecycle(
    initial="opened",
    steps=[
        # The first money has reached the borrower; further tranches leave the state as it is.
        ("pay_out", ["opened"], "active"),
        # All that was paid out came back: the contract stands as on the day it was opened.
        ("take_back", ["active"], "opened"),
        ("cancel", ["opened"], "cancelled"),
        # Nothing is owed any more.
        ("close", ["active"], "closed"),
        # What closed it was taken back, or something was asked for since.
        ("reopen", ["closed"], "active"),
        # Off the books as a loss, still owed by law.
        ("write_off", ["active"], "written_off"),
        ("write_back", ["written_off"], "active"),
        # A loan of a tape that is carried on in these books.
        ("take_on", ["imported"], "active"),
    ],
)
# What a borrower owes or is about to owe.
RUNNING = ("opened", "active")
# The same with what is off the books as a loss: that is not forgiven.
OWED = (*RUNNING, "written_off")

DISBURSEMENT = Lifecycle(
    initial="requested",
    steps=[
        ("approve", ["requested"], "approved"),
        ("refuse", ["requested"], "refused"),
        ("cancel", ["requested", "approved"], "cancelled"),
        ("instruct", ["approved"], "instructed"),
        # With a payment file or, where a bank takes none, by hand.
        ("confirm", ["approved", "instructed"], "paid"),
        ("fail", ["instructed"], "failed"),
        ("reverse", ["paid"], "reversed"),
    ],
)
# What holds a tranche: while one of these is there, no other payment is asked for.
HELD = ("requested", "approved", "instructed", "paid")
# What the bank has not paid yet.
ON_ITS_WAY = ("requested", "approved", "instructed")
# What was ended by somebody, who said why.
ENDED = ("refused", "cancelled", "failed", "reversed")
