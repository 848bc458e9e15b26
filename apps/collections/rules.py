"""The numbers by which a lender's collections desk works: each with what stands until set. Pure.

A lender sets a number from a day on (`models.Rule`); what stood before stays on record. Until a
lender sets one, the house's stands. None of them is law.
"""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """What a lender sets a number for."""

    SETTLEMENT_GRACE_DAYS = "settlement_grace"
    SETTLEMENT_LONGEST_DAYS = "settlement_longest"
    LATE_IN_A_ROW = "late_in_a_row"
    LATE_DAYS = "late_days"
    BROKEN_WITHIN_DAYS = "broken_within"
    PARTIAL_PAYMENTS = "partial_payments"
    PARTIAL_WITHIN_DAYS = "partial_within"
    FALLING_POINTS = "falling_points"
    FALLING_DAYS = "falling_days"
    ENQUIRIES = "enquiries"
    ENQUIRIES_WITHIN_DAYS = "enquiries_within"
    JOB_LOST_WITHIN_DAYS = "job_lost_within"
    SIBLING_DAYS = "sibling_days"


@dataclass(frozen=True, slots=True)
class Number:
    """The number of the house, and the least and the most a lender may set."""

    house: int
    least: int
    most: int

    def allows(self, value: int) -> bool:
        """Say whether a lender may set a value."""
        return self.least <= value <= self.most


NUMBERS = {
    Code.SETTLEMENT_GRACE_DAYS: Number(3, 0, 30),
    Code.SETTLEMENT_LONGEST_DAYS: Number(180, 1, 730),
    Code.LATE_IN_A_ROW: Number(3, 2, 12),
    Code.LATE_DAYS: Number(1, 1, 30),
    Code.BROKEN_WITHIN_DAYS: Number(60, 1, 366),
    Code.PARTIAL_PAYMENTS: Number(2, 1, 12),
    Code.PARTIAL_WITHIN_DAYS: Number(90, 7, 366),
    Code.FALLING_POINTS: Number(25, 5, 100),
    Code.FALLING_DAYS: Number(90, 30, 183),
    Code.ENQUIRIES: Number(3, 1, 50),
    Code.ENQUIRIES_WITHIN_DAYS: Number(90, 1, 366),
    Code.JOB_LOST_WITHIN_DAYS: Number(180, 1, 366),
    Code.SIBLING_DAYS: Number(30, 1, 366),
}
