"""What is done about appeals, one module for each action."""

from apps.appeals.services.answering import Answer, answer, countersign, send_back
from apps.appeals.services.asking import Asked, Claim, File, ask
from apps.appeals.services.checking import answer_correction, judge_anew
from apps.appeals.services.handling import (
    acknowledge,
    add_file,
    assign,
    eligible,
    end_overtaken,
    overtake,
    read_file,
    withdraw,
)

__all__ = [
    "Answer",
    "Asked",
    "Claim",
    "File",
    "acknowledge",
    "add_file",
    "answer",
    "answer_correction",
    "ask",
    "assign",
    "countersign",
    "eligible",
    "end_overtaken",
    "judge_anew",
    "overtake",
    "read_file",
    "send_back",
    "withdraw",
]
