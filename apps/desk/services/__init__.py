"""What is done at the review desk, one module for each action."""

from apps.desk.services.assigning import assign
from apps.desk.services.attaching import attach, read_attachment
from apps.desk.services.clock import drop_open, place
from apps.desk.services.escalating import answer_escalation, escalate
from apps.desk.services.informing import (
    InformationEntry,
    ask_information,
    lapse_information,
    receive_information,
    withdraw_information,
)
from apps.desk.services.keeping import delete_view, save_view
from apps.desk.services.levelling import LevelEntry, end_level, enter_level
from apps.desk.services.loading import load_levels
from apps.desk.services.memoing import (
    LONGEST_MEMO,
    fingerprint,
    freeze_memo,
    words_of,
    write_memo,
)
from apps.desk.services.noting import note

__all__ = [
    "LONGEST_MEMO",
    "InformationEntry",
    "LevelEntry",
    "answer_escalation",
    "ask_information",
    "assign",
    "attach",
    "delete_view",
    "drop_open",
    "end_level",
    "enter_level",
    "escalate",
    "fingerprint",
    "freeze_memo",
    "lapse_information",
    "load_levels",
    "note",
    "place",
    "read_attachment",
    "receive_information",
    "save_view",
    "withdraw_information",
    "words_of",
    "write_memo",
]
