"""What collectors and their managers do, one module for each action."""

from apps.collections.services.assigning import assign, release, take
from apps.collections.services.contacting import ContactEntry, record_contact, record_promised
from apps.collections.services.judging_settlements import judge_settlements, make_way
from apps.collections.services.noticing import (
    NoticeEntry,
    WordEntry,
    issue_notice,
    open_notice,
    write_word,
)
from apps.collections.services.ruling import RuleEntry, set_rule
from apps.collections.services.settling import (
    Offer,
    approve_settlement,
    propose_settlement,
    refuse_settlement,
    require_offer,
    withdraw_settlement,
)
from apps.collections.services.signalling import find_signals
from apps.collections.services.suing import LegalEntry, record_legal_step

__all__ = [
    "ContactEntry",
    "LegalEntry",
    "NoticeEntry",
    "Offer",
    "RuleEntry",
    "WordEntry",
    "approve_settlement",
    "assign",
    "find_signals",
    "issue_notice",
    "judge_settlements",
    "make_way",
    "open_notice",
    "propose_settlement",
    "record_contact",
    "record_legal_step",
    "record_promised",
    "refuse_settlement",
    "release",
    "require_offer",
    "set_rule",
    "take",
    "withdraw_settlement",
    "write_word",
]
