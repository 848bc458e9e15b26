"""Mandates, debits and the bank's answers."""

from apps.debits.models.answers import (
    AnswerFile,
    AnswerFileQuerySet,
    AnswerLine,
    AnswerLineQuerySet,
)
from apps.debits.models.files import Debit, DebitFile, DebitFileQuerySet, DebitQuerySet
from apps.debits.models.mandates import DebitRule, Mandate, MandateQuerySet
from apps.debits.models.recalls import Recall, RecallQuerySet

__all__ = [
    "AnswerFile",
    "AnswerFileQuerySet",
    "AnswerLine",
    "AnswerLineQuerySet",
    "Debit",
    "DebitFile",
    "DebitFileQuerySet",
    "DebitQuerySet",
    "DebitRule",
    "Mandate",
    "MandateQuerySet",
    "Recall",
    "RecallQuerySet",
]
