"""What is kept of how models do: figures, limits on them, incidents, retrainings."""

from apps.monitoring.models.figures import Figures, Reference
from apps.monitoring.models.incidents import Incident, IncidentDelivery
from apps.monitoring.models.limits import Limit
from apps.monitoring.models.retraining import Retraining, RetrainingPlan

__all__ = [
    "Figures",
    "Incident",
    "IncidentDelivery",
    "Limit",
    "Reference",
    "Retraining",
    "RetrainingPlan",
]
