"""The lives of mandates, files of debits, their recalls, debits and the bank's answers. Pure."""

from apps.core.lifecycle import Lifecycle

MANDATE = Lifecycle(
    initial="draft",
    steps=[
        # The borrower's consent is on record; the bank has to know of it before it pays.
        ("register", ["draft"], "registered"),
        ("activate", ["registered"], "active"),
        ("reject", ["registered"], "rejected"),
        ("pause", ["active"], "paused"),
        ("resume", ["paused"], "active"),
        # The borrower may end it at any time, and needs no reason.
        ("cancel", ["draft", "registered", "active", "paused"], "cancelled"),
        ("expire", ["draft", "registered", "active", "paused"], "expired"),
    ],
)
# While one of these is there, no other mandate is recorded for the same loan.
IN_FORCE = ("draft", "registered", "active", "paused")

FILE = Lifecycle(
    initial="draft",
    steps=[
        # What the machine prepared is nobody's until somebody takes it on.
        ("take_on", ["draft"], "prepared"),
        ("withdraw", ["draft", "prepared"], "withdrawn"),
        ("release", ["prepared"], "released"),
        # Every debit of it was answered.
        ("settle", ["released"], "settled"),
        # It never reached the bank, or the bank refused it whole.
        ("recall", ["released"], "recalled"),
    ],
)
# Its bytes were written.
WRITTEN = ("released", "settled", "recalled")

RECALL = Lifecycle(
    initial="asked",
    steps=[
        ("confirm", ["asked"], "confirmed"),
        ("refuse", ["asked"], "refused"),
        # The bank answered every debit before anybody confirmed it.
        ("lapse", ["asked"], "lapsed"),
    ],
)

DEBIT = Lifecycle(
    initial="waiting",
    steps=[
        ("present", ["waiting"], "presented"),
        ("withdraw", ["waiting"], "withdrawn"),
        # Also of a recalled file, once a person said what to do with money that came all the same.
        ("collect", ["presented", "recalled"], "collected"),
        ("fail", ["presented"], "failed"),
        # The bank takes money back that it had collected.
        ("return", ["collected"], "returned"),
        ("recall", ["presented"], "recalled"),
    ],
)
# A loan has one of these at most: what is due is asked for once at a time.
UNDERWAY = ("waiting", "presented")
# These were given up: nothing is asked for by them, and they count as no try.
GIVEN_UP = ("withdrawn", "recalled")
# Collected money of these can be booked.
UNPAID = ("presented", "recalled")
PAID = ("collected", "returned")

ANSWERS = Lifecycle(
    initial="running",
    steps=[
        ("finish", ["running"], "finished"),
        # Who started it lost the right to post; somebody else goes on.
        ("halt", ["running"], "halted"),
        ("go_on", ["halted"], "running"),
    ],
)
ANSWER = Lifecycle(
    initial="waiting",
    steps=[
        ("post", ["waiting", "refused"], "posted"),
        # Also once what it had to wait for has arrived: a person runs it again.
        ("record", ["waiting", "refused"], "recorded"),
        ("pass_over", ["waiting", "refused"], "ignored"),
        ("refuse", ["waiting"], "refused"),
        ("close", ["refused"], "closed"),
    ],
)
# What was done with a row stands.
TAKEN = ("posted", "recorded")
