"""What is done about portfolios, one module for each action."""

from apps.portfolio.services.summarising import Summarised, summarise

__all__ = ["Summarised", "summarise"]
