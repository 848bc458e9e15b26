"""What is kept of the work on loans that are overdue."""

from apps.collections.models.assigning import Assignment
from apps.collections.models.contacts import Contact
from apps.collections.models.legal import LegalStep
from apps.collections.models.notices import Notice, NoticeWord
from apps.collections.models.rules import Rule
from apps.collections.models.settlements import Settlement, SettlementPart
from apps.collections.models.signals import EarlySignal, SignalNight

__all__ = [
    "Assignment",
    "Contact",
    "EarlySignal",
    "LegalStep",
    "Notice",
    "NoticeWord",
    "Rule",
    "Settlement",
    "SettlementPart",
    "SignalNight",
]
