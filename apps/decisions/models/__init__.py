"""Policy versions, decisions that never change, and the review queue."""

from apps.decisions.models.automation import AutomationStop, StopStatement
from apps.decisions.models.cases import Rank, ReviewCase
from apps.decisions.models.decided import Decision
from apps.decisions.models.interests import DeclaredInterest
from apps.decisions.models.kept import DecidedApplication
from apps.decisions.models.listed import ListedReason
from apps.decisions.models.outcomes import Outcome
from apps.decisions.models.overrides import Override, OverrideReason
from apps.decisions.models.policies import PolicyNote, PolicyVersion
from apps.decisions.models.waivers import PaperWaiver

__all__ = [
    "AutomationStop",
    "DecidedApplication",
    "Decision",
    "DeclaredInterest",
    "ListedReason",
    "Outcome",
    "Override",
    "OverrideReason",
    "PaperWaiver",
    "PolicyNote",
    "PolicyVersion",
    "Rank",
    "ReviewCase",
    "StopStatement",
]
