"""What is kept of a model's life: what it learned from, and who let it decide."""

from apps.governance.models.promotion import Promotion
from apps.governance.models.training import TrainingRequest, TrainingRun

__all__ = ["Promotion", "TrainingRequest", "TrainingRun"]
