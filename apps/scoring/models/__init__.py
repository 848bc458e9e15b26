"""Registered models, every score they gave, and which of them decides when."""

from apps.scoring.models.reigns import Reign
from apps.scoring.models.trials import Draw, Incident, Placement, ShadowScore
from apps.scoring.models.versions import ModelVersion, ScoreRun

__all__ = [
    "Draw",
    "Incident",
    "ModelVersion",
    "Placement",
    "Reign",
    "ScoreRun",
    "ShadowScore",
]
