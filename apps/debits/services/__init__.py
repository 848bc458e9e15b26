"""What is done about direct debits, one module for each action."""

from apps.debits.services.mandates import (
    MandateEntry,
    accept_mandate,
    cancel_mandate,
    expire_mandates,
    pause_mandate,
    record_mandate,
    register_mandate,
    reject_mandate,
    resume_mandate,
    underway,
)
from apps.debits.services.posting_answers import advance_answers, go_on, sweep_answers
from apps.debits.services.presenting import (
    asked_for,
    fetch_file,
    prepare_due,
    prepare_file,
    release_file,
    take_file_on,
    withdraw_file,
)
from apps.debits.services.recalling import ask_recall, confirm_recall, refuse_recall
from apps.debits.services.receiving_answers import Upload, receive_answers
from apps.debits.services.ruling import RuleEntry, set_rule
from apps.debits.services.settling import close_answer, look_at, post_on_day, run_again

__all__ = [
    "MandateEntry",
    "RuleEntry",
    "Upload",
    "accept_mandate",
    "advance_answers",
    "ask_recall",
    "asked_for",
    "cancel_mandate",
    "close_answer",
    "confirm_recall",
    "expire_mandates",
    "fetch_file",
    "go_on",
    "look_at",
    "pause_mandate",
    "post_on_day",
    "prepare_due",
    "prepare_file",
    "receive_answers",
    "record_mandate",
    "refuse_recall",
    "register_mandate",
    "reject_mandate",
    "release_file",
    "resume_mandate",
    "run_again",
    "set_rule",
    "sweep_answers",
    "take_file_on",
    "underway",
    "withdraw_file",
]
