"""What is done in governance, one module for each action."""

from apps.governance.services.promoting import approve, propose, refuse
from apps.governance.services.reporting import (
    fulfil_report,
    make_report,
    request_report,
    sweep_reports,
)
from apps.governance.services.requesting import fulfil, request_training, sweep
from apps.governance.services.training import Window, train

__all__ = [
    "Window",
    "approve",
    "fulfil",
    "fulfil_report",
    "make_report",
    "propose",
    "refuse",
    "request_report",
    "request_training",
    "sweep",
    "sweep_reports",
    "train",
]
