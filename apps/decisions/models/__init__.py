"""Policy versions, decisions that never change, and the review queue."""

from apps.decisions.models.automation import AutomationStop
from apps.decisions.models.cases import ReviewCase
from apps.decisions.models.decided import Decision
from apps.decisions.models.kept import DecidedApplication
from apps.decisions.models.outcomes import Outcome
from apps.decisions.models.overrides import Override, OverrideReason
from apps.decisions.models.policies import PolicyVersion

__all__ = [
    "AutomationStop",
    "DecidedApplication",
    "Decision",
    "Outcome",
    "Override",
    "OverrideReason",
    "PolicyVersion",
    "ReviewCase",
]
