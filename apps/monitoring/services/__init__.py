"""What is done in monitoring, one module for each action."""

from apps.monitoring.services.answering import acknowledge, close
from apps.monitoring.services.limiting import (
    AskedLimit,
    AskedPlan,
    approve,
    propose_limit,
    propose_plan,
    refuse,
    withdraw,
)
from apps.monitoring.services.measuring import measure, missing
from apps.monitoring.services.retraining import begin_due
from apps.monitoring.services.telling import deliver, deliver_waiting

__all__ = [
    "AskedLimit",
    "AskedPlan",
    "acknowledge",
    "approve",
    "begin_due",
    "close",
    "deliver",
    "deliver_waiting",
    "measure",
    "missing",
    "propose_limit",
    "propose_plan",
    "refuse",
    "withdraw",
]
