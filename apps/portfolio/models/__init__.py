"""What is kept about portfolios: sums out of which pages answer at once."""

from apps.portfolio.models.rolling import Roll, RolledDay
from apps.portfolio.models.summary import (
    DayBand,
    DayFlow,
    DayShare,
    DayTotal,
    DayVintage,
    SummedDay,
    Turn,
)
from apps.portfolio.models.vintages import VintageLent, VintageLost, VintagePrepaid, VintagesMade

__all__ = [
    "DayBand",
    "DayFlow",
    "DayShare",
    "DayTotal",
    "DayVintage",
    "Roll",
    "RolledDay",
    "SummedDay",
    "Turn",
    "VintageLent",
    "VintageLost",
    "VintagePrepaid",
    "VintagesMade",
]
