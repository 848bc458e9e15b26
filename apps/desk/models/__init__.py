"""What the review desk keeps about cases and about the people who work on them."""

from apps.desk.models.diary import CaseAttachment, CaseNote, Escalation, InformationRequest
from apps.desk.models.memos import CreditMemo, MemoEdit
from apps.desk.models.quality import BlindSample, Recusal, SamplingShare, StampLimit
from apps.desk.models.saved import SavedView
from apps.desk.models.service_levels import ServiceLevel

__all__ = [
    "BlindSample",
    "CaseAttachment",
    "CaseNote",
    "CreditMemo",
    "Escalation",
    "InformationRequest",
    "MemoEdit",
    "Recusal",
    "SamplingShare",
    "SavedView",
    "ServiceLevel",
    "StampLimit",
]
