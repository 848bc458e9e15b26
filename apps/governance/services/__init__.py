"""What is done in governance, one module for each action."""

from apps.governance.services.promoting import approve, propose, refuse
from apps.governance.services.requesting import fulfil, request_training, sweep
from apps.governance.services.training import Window, train

__all__ = [
    "Window",
    "approve",
    "fulfil",
    "propose",
    "refuse",
    "request_training",
    "sweep",
    "train",
]
