"""Policy versions, decisions that never change, and the review queue."""

from apps.decisions.models.automation import AutomationStop
from apps.decisions.models.cases import ReviewCase
from apps.decisions.models.decided import Decision
from apps.decisions.models.outcomes import Outcome
from apps.decisions.models.policies import PolicyVersion

__all__ = ["AutomationStop", "Decision", "Outcome", "PolicyVersion", "ReviewCase"]
