"""What is kept about expected credit loss."""

from apps.impairment.models.estimate import Estimate
from apps.impairment.models.measured import LoanLoss, LossSum, Run
from apps.impairment.models.parameter_set import ParameterSet

__all__ = ["Estimate", "LoanLoss", "LossSum", "ParameterSet", "Run"]
