"""What is done in the laboratory, one module for each action."""

from apps.laboratory.services.asking import Question, ask, cancel
from apps.laboratory.services.attaching import attach, attach_to_model
from apps.laboratory.services.downloading import download, page
from apps.laboratory.services.running import run, sweep

__all__ = [
    "Question",
    "ask",
    "attach",
    "attach_to_model",
    "cancel",
    "download",
    "page",
    "run",
    "sweep",
]
