"""Appeals, what they say is wrong, what shows it, and what was judged anew."""

from apps.appeals.models.asked import Appeal, Channel, Ground
from apps.appeals.models.guard import AppealedDecision
from apps.appeals.models.shown import Correction, Evidence, Reassessment

__all__ = [
    "Appeal",
    "AppealedDecision",
    "Channel",
    "Correction",
    "Evidence",
    "Ground",
    "Reassessment",
]
