"""What is proposed, paused, tabled and closed on loans."""

from apps.servicing.models.closing import Closure
from apps.servicing.models.pause import Pause
from apps.servicing.models.proposal import Proposal
from apps.servicing.models.rates import BenchmarkRate

__all__ = ["BenchmarkRate", "Closure", "Pause", "Proposal"]
