"""What is proposed, paused, tabled, moved and closed on loans."""

from apps.servicing.models.closing import Closure
from apps.servicing.models.pause import Pause
from apps.servicing.models.proposal import Proposal
from apps.servicing.models.rates import BenchmarkRate
from apps.servicing.models.transfer import Transfer

__all__ = ["BenchmarkRate", "Closure", "Pause", "Proposal", "Transfer"]
