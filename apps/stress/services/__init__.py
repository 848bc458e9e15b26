"""What is done about stress tests, one module for each action."""

from apps.stress.services.asking import Question, ask
from apps.stress.services.proposing import (
    Asked,
    OwnTerms,
    approve_terms,
    presets,
    propose_terms,
    refuse_terms,
    starting_point,
    withdraw_terms,
)
from apps.stress.services.running import run, sweep

__all__ = [
    "Asked",
    "OwnTerms",
    "Question",
    "approve_terms",
    "ask",
    "presets",
    "propose_terms",
    "refuse_terms",
    "run",
    "starting_point",
    "sweep",
    "withdraw_terms",
]
