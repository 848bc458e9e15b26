"""What is kept about the quality of the book."""

from apps.npa.models.day_end import Changed, DayEnd, ProvisionMovement
from apps.npa.models.finding import Finding
from apps.npa.models.loan_day import LoanDay
from apps.npa.models.override import Override
from apps.npa.models.reserve import ReserveRelease
from apps.npa.models.returns import Return, ReturnOrder
from apps.npa.models.rule_table import Layer, RuleTable
from apps.npa.models.watching import Alert, AlertDelivery, DayFigures, PortfolioDay, Threshold

__all__ = [
    "Alert",
    "AlertDelivery",
    "Changed",
    "DayEnd",
    "DayFigures",
    "Finding",
    "Layer",
    "LoanDay",
    "Override",
    "PortfolioDay",
    "ProvisionMovement",
    "ReserveRelease",
    "Return",
    "ReturnOrder",
    "RuleTable",
    "Threshold",
]
