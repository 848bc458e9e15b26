"""What is done with models, one module for each action."""

from apps.scoring.services.drawing import draw_each
from apps.scoring.services.placing import acknowledge, end_all, end_trial, place
from apps.scoring.services.registering import register_model
from apps.scoring.services.reigning import promote, roll_back
from apps.scoring.services.scoring import (
    Rescored,
    keep_all,
    probabilities,
    probability,
    probability_when,
    rescore,
    rescore_all,
    score,
    score_all,
    score_stateless,
)
from apps.scoring.services.shadowing import score_waiting

__all__ = [
    "Rescored",
    "acknowledge",
    "draw_each",
    "end_all",
    "end_trial",
    "keep_all",
    "place",
    "probabilities",
    "probability",
    "probability_when",
    "promote",
    "register_model",
    "rescore",
    "rescore_all",
    "roll_back",
    "score",
    "score_all",
    "score_stateless",
    "score_waiting",
]
