"""What is done about expected credit loss, one module for each action."""

from apps.impairment.services.estimating import estimate
from apps.impairment.services.proposing import (
    Asked,
    OwnParameters,
    approve_parameters,
    propose_parameters,
    refuse_parameters,
    starting_point,
    withdraw_parameters,
)
from apps.impairment.services.running import due, is_outdated, measure

__all__ = [
    "Asked",
    "OwnParameters",
    "approve_parameters",
    "due",
    "estimate",
    "is_outdated",
    "measure",
    "propose_parameters",
    "refuse_parameters",
    "starting_point",
    "withdraw_parameters",
]
