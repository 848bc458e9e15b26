"""What is kept about the quality of the book."""

from apps.npa.models.day_end import Changed, DayEnd, ProvisionMovement
from apps.npa.models.loan_day import LoanDay

__all__ = ["Changed", "DayEnd", "LoanDay", "ProvisionMovement"]
