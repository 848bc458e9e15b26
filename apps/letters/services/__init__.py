"""What is done about letters, one module for each action."""

from apps.letters.services.delivering import deliver, deliver_waiting
from apps.letters.services.freezing import (
    TOGETHER,
    AlreadyDecided,
    LetterRefused,
    Verification,
    compose,
    facts_hash,
    is_whole,
    issue,
    issue_all,
    record_opening,
    render,
    render_each,
    render_waiting,
    verify,
)
from apps.letters.services.handing import (
    BY_PERSON,
    DELIVER,
    hand_over,
    leave_to_person,
    record_bounce,
    record_delivery,
    send_again,
)
from apps.letters.services.stating import issue_statement

__all__ = [
    "BY_PERSON",
    "DELIVER",
    "TOGETHER",
    "AlreadyDecided",
    "LetterRefused",
    "Verification",
    "compose",
    "deliver",
    "deliver_waiting",
    "facts_hash",
    "hand_over",
    "is_whole",
    "issue",
    "issue_all",
    "issue_statement",
    "leave_to_person",
    "record_bounce",
    "record_delivery",
    "record_opening",
    "render",
    "render_each",
    "render_waiting",
    "send_again",
    "verify",
]
