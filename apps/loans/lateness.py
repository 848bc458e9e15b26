"""What it costs to pay an instalment late. Pure.

Rule book 6.8: the contract's interest may run on what is unpaid, and a penal charge is asked for;
the charge is no interest, joins no balance, and bears none itself.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from apps.core.money import money
from apps.schedules.interest import interest
from apps.schedules.terms import DayCount

_DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class Lateness:
    """What one instalment costs when it is paid so many days late."""

    overdue: Decimal
    days: int
    contract_interest: Decimal
    penal_charge: Decimal

    @property
    def extra(self) -> Decimal:
        """What comes on top of the instalment."""
        return self.contract_interest + self.penal_charge


def effect(
    overdue: Decimal,
    *,
    currency: str,
    annual_rate: Decimal,
    penal_rate: Decimal,
    due_date: date,
    days: int,
    day_count: DayCount,
) -> Lateness:
    """Return what paying `overdue` so many days after its due date costs.

    Interest by the contract's rate and day count; penal charge = overdue x rate x days / 365. Both
    are rounded half-up, once.
    """
    run = interest(
        overdue, annual_rate, due_date, due_date + timedelta(days=days), day_count=day_count
    )
    return Lateness(
        overdue=overdue,
        days=days,
        contract_interest=money(run, currency),
        penal_charge=money(overdue * penal_rate * days / _DAYS_A_YEAR, currency),
    )
