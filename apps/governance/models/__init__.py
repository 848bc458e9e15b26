"""What is kept of a model's life: what it learned from, how it was judged, who let it decide."""

from apps.governance.models.document import ModelDocument
from apps.governance.models.finding import Finding
from apps.governance.models.gates import GateSet
from apps.governance.models.promotion import Condition, GateException, Promotion
from apps.governance.models.register import RegisterEntry
from apps.governance.models.report import ReportRequest, ValidationReport
from apps.governance.models.training import TrainingRequest, TrainingRun
from apps.governance.models.trials import ShareChange, Trial

__all__ = [
    "Condition",
    "Finding",
    "GateException",
    "GateSet",
    "ModelDocument",
    "Promotion",
    "RegisterEntry",
    "ReportRequest",
    "ShareChange",
    "TrainingRequest",
    "TrainingRun",
    "Trial",
    "ValidationReport",
]
