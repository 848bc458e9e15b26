"""What is done at the review desk, one module for each action."""

from apps.desk.services.assigning import assign
from apps.desk.services.attaching import attach, read_attachment
from apps.desk.services.blind import (
    BlindVerdict,
    follow_blind,
    judge_blind,
    recuse_blind,
    release_blind,
    take_blind,
)
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
from apps.desk.services.sampling import drop_blind, end_blind, sample
from apps.desk.services.setting import (
    ShareEntry,
    StampEntry,
    end_share,
    set_share,
    set_stamp_limit,
)

__all__ = [
    "LONGEST_MEMO",
    "BlindVerdict",
    "InformationEntry",
    "LevelEntry",
    "ShareEntry",
    "StampEntry",
    "answer_escalation",
    "ask_information",
    "assign",
    "attach",
    "delete_view",
    "drop_blind",
    "drop_open",
    "end_blind",
    "end_level",
    "end_share",
    "enter_level",
    "escalate",
    "fingerprint",
    "follow_blind",
    "freeze_memo",
    "judge_blind",
    "lapse_information",
    "load_levels",
    "note",
    "place",
    "read_attachment",
    "receive_information",
    "recuse_blind",
    "release_blind",
    "sample",
    "save_view",
    "set_share",
    "set_stamp_limit",
    "take_blind",
    "withdraw_information",
    "words_of",
    "write_memo",
]
