"""What is kept about portfolios: sums out of which pages answer at once."""

from apps.portfolio.models.rolling import Roll, RolledDay
from apps.portfolio.models.vintages import VintageLent, VintageLost, VintagesMade

__all__ = ["Roll", "RolledDay", "VintageLent", "VintageLost", "VintagesMade"]
