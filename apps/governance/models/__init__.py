"""What is kept of a model's life: what it learned from, how it was judged, who let it decide."""

from apps.governance.models.promotion import Promotion
from apps.governance.models.report import ReportRequest, ValidationReport
from apps.governance.models.training import TrainingRequest, TrainingRun

__all__ = ["Promotion", "ReportRequest", "TrainingRequest", "TrainingRun", "ValidationReport"]
