"""What the review desk keeps about cases and about the people who work on them."""

from apps.desk.models.diary import CaseAttachment, CaseNote, Escalation, InformationRequest
from apps.desk.models.memos import CreditMemo, MemoEdit
from apps.desk.models.saved import SavedView
from apps.desk.models.service_levels import ServiceLevel

__all__ = [
    "CaseAttachment",
    "CaseNote",
    "CreditMemo",
    "Escalation",
    "InformationRequest",
    "MemoEdit",
    "SavedView",
    "ServiceLevel",
]
